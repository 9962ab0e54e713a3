// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The designs that come with the compiler: model_specs/designs/KEY/VALUE.yaml
// is what a spec with that value at that key means.
#ifndef DIT_COMPILER_NETWORK_DESIGNS_H
#define DIT_COMPILER_NETWORK_DESIGNS_H

#include "compiler/Yaml.h"
#include "compiler/network/Places.h"

namespace dit {

/// The values of `key`, as `conditioning`, that are designs.
llvm::SmallVector<llvm::StringRef> designsOf(llvm::StringRef key);

/// The spec over the designs that its keys pick; `places` learns of them. A
/// spec that has its own network gets no design of one.
mlir::FailureOr<YamlNode> overDesigns(mlir::MLIRContext *context,
                                      const YamlNode &spec, Places &places);

/// The `import` of a design, and the key and value that pick it.
struct DesignImport {
  std::string key, value;
  bool isDefault = false; ///< a spec need not say it
  YamlNode import;
};

/// Those that the designs' own files have.
llvm::SmallVector<DesignImport> importsOfDesigns(mlir::MLIRContext *context);

/// Whether the spec writes its whole network; else what it leaves out is a
/// design's.
inline bool hasOwnNetwork(const YamlNode &spec) {
  return spec.find("streams") && spec.find("blocks") && spec.find("final");
}

} // namespace dit

#endif // DIT_COMPILER_NETWORK_DESIGNS_H
