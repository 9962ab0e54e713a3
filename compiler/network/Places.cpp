// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/network/Places.h"

#include "mlir/IR/Location.h"

using namespace mlir;
using namespace dit;

bool Places::isDesigns(LocationAttr loc) const {
  auto place = dyn_cast_if_present<FileLineColLoc>(loc);
  return place && picks.contains(place.getFilename());
}

Places::Pick Places::pickOf(LocationAttr loc) const {
  return isDesigns(loc) ? picks.lookup(cast<FileLineColLoc>(loc).getFilename())
                        : Pick();
}

LocationAttr Places::of(LocationAttr loc) const {
  if (loc && !isDesigns(loc))
    return loc;
  LocationAttr key = pickOf(loc).key;
  return key ? key : byDefault;
}

LocationAttr Places::optionOf(LocationAttr loc) const {
  Pick pick = pickOf(loc);
  return pick.isOption ? pick.key : LocationAttr();
}

InFlightDiagnostic Places::error(LocationAttr loc) const {
  InFlightDiagnostic diag = emitError(Location(of(loc)));
  if (isDesigns(loc))
    diag.attachNote(Location(loc)) << "in the design";
  return diag;
}
