// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A size is an integer or an expression of a spec's numbers: names, + - * /,
// parentheses, min and max. `/` rounds down, and so does the end.
#ifndef DIT_COMPILER_NETWORK_SIZES_H
#define DIT_COMPILER_NETWORK_SIZES_H

#include "compiler/Spec.h"
#include "compiler/Yaml.h"
#include "compiler/network/Places.h"

namespace dit {

class Sizes {
public:
  /// Names the numbers of `spec` and of `own`, its mapping `sizes` (may be
  /// null).
  Sizes(const Spec &spec, const YamlNode *own, const Places &places);

  /// The value, at least `min`; what cannot be is diagnosed. `what` begins the
  /// sentence.
  std::optional<int64_t> whole(const YamlNode &node, llvm::StringRef what,
                               int64_t min = 1);
  /// A number, or the name of one.
  std::optional<double> number(const YamlNode &node, llvm::StringRef what);

  /// The value that governs a size: where the user wrote it, else the first
  /// number it names that the user wrote; else null.
  mlir::LocationAttr governing(const YamlNode &node);

  /// Diagnoses the user's sizes that nothing reads.
  bool checkAllUsed();

private:
  struct Number {
    std::optional<double> value;
    mlir::LocationAttr loc;         ///< where it was written
    const YamlNode *size = nullptr; ///< of `sizes`, read when asked for
    mlir::LocationAttr keyLoc = {};
    bool isUsed = false, isBeingRead = false;
  };
  class Parser;

  std::optional<double> evaluate(const YamlNode &node);
  void name(llvm::StringRef name, double value, mlir::LocationAttr loc,
            bool isKnown = true);

  const Places &places;
  llvm::SmallVector<std::pair<std::string, Number>> numbers; // in their order
  Number *find(llvm::StringRef name);
};

} // namespace dit

#endif // DIT_COMPILER_NETWORK_SIZES_H
