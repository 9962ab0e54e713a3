// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Questions about a module that several passes ask: which function is which,
// where a value comes from, what it is called.
#ifndef DIT_PASSES_PHASE_H
#define DIT_PASSES_PHASE_H

#include "dialect/DiTDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

namespace dit {

/// True when no function argument and no side effect reaches `value`.
bool dependsOnWeightsOnly(mlir::Value value);

/// The value that `value` is a view of, itself when it is no view.
mlir::Value viewedValue(mlir::Value value);

/// What a value is called where it crosses from one function to another: the
/// weight's name, else the name of its location, else "value".
std::string crossingName(mlir::Value value);

/// Hands out each name once: `adaln`, then `adaln_1`, `adaln_2`.
class UniqueNames {
public:
  std::string operator()(std::string name);

private:
  std::map<std::string, int> used;
};

/// ` (in blocks[3].adaln)`, or nothing for a location without a name: what a
/// remark adds, since printing a location drops its name.
std::string inName(mlir::Location loc);

} // namespace dit

#endif // DIT_PASSES_PHASE_H
