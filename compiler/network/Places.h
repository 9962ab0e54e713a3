// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where the values of a network stand: in a file of the user's, or in a design
// that came with the compiler, which a key of the user's picked.
#ifndef DIT_COMPILER_NETWORK_PLACES_H
#define DIT_COMPILER_NETWORK_PLACES_H

#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/StringMap.h"

namespace dit {

class Places {
public:
  /// What is in the design `file` is there because of the value at `pick`; null
  /// where no key was written. An option changes what another design says.
  void addDesign(llvm::StringRef file, mlir::LocationAttr pick, bool isOption) {
    picks[file] = {pick, isOption};
  }
  /// Where the design is looked at whose key was not written.
  void setDefault(mlir::LocationAttr loc) { byDefault = loc; }

  bool isDesigns(mlir::LocationAttr loc) const;
  /// The place to edit: `loc`, or the key that picked the design it is in.
  mlir::LocationAttr of(mlir::LocationAttr loc) const;
  /// `loc` where the user wrote it; null where it is a design's or nobody's.
  mlir::LocationAttr written(mlir::LocationAttr loc) const {
    return loc && !isDesigns(loc) ? loc : mlir::LocationAttr();
  }

  /// The key that picked the option that `loc` is in; null where it is in none.
  mlir::LocationAttr optionOf(mlir::LocationAttr loc) const;

  /// At the place to edit, with a note in the design.
  mlir::InFlightDiagnostic error(mlir::LocationAttr loc) const;

private:
  struct Pick {
    mlir::LocationAttr key;
    bool isOption = false;
  };
  Pick pickOf(mlir::LocationAttr loc) const;

  llvm::StringMap<Pick> picks;
  mlir::LocationAttr byDefault;
};

} // namespace dit

#endif // DIT_COMPILER_NETWORK_PLACES_H
