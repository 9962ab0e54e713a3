// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The section `import` of a spec: of which classes its network is, and what of
// a config.json its keys are.
//
//   import:
//     class: [DiTTransformer2DModel]
//     depth: num_layers                         an expression of the config
//     learn_sigma: {of: out_channels, is: {in_channels: false, ..}}
//     must: {norm_type: ada_norm_zero}          what the network is made for
//     set: {compat: diffusers}                  keys that are always so
#ifndef DIT_COMPILER_NETWORK_IMPORT_H
#define DIT_COMPILER_NETWORK_IMPORT_H

#include "compiler/Spec.h"
#include "runtime/Manifest.h"
#include <nlohmann/json_fwd.hpp>

namespace dit {

/// Diagnoses what is no `import`.
mlir::LogicalResult checkImport(const YamlNode &import, const Places &places);

/// Whether `import` is for configs of that class.
bool isOfClass(const YamlNode &import, llvm::StringRef className);

/// The keys of a spec that `config` says; throws a runtime::Error of everything
/// in it that the network is not made for.
YamlNode importConfig(const YamlNode &import, const nlohmann::json &config);

/// What a config of this model says: the inverse of importConfig, as far as
/// there is one.
std::vector<runtime::ConfigEntry> configOf(const Spec &spec);

} // namespace dit

#endif // DIT_COMPILER_NETWORK_IMPORT_H
