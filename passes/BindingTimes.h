// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The binding-time analysis: how often each value of a function changes. All
// that asks when something can be computed asks here.
#ifndef DIT_PASSES_BINDINGTIMES_H
#define DIT_PASSES_BINDINGTIMES_H

#include "dialect/Rate.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SetVector.h"

namespace dit {

/// All that an op reads, also in its regions.
llvm::SetVector<mlir::Value> valuesRead(mlir::Operation *op);

/// A value changes as often as the fastest of what it is computed from, and a
/// constant or a weight once a load. An op with a side effect runs as often as
/// its function. No op is named here. Holds for the function as it was when
/// this was made.
class BindingTimes {
public:
  explicit BindingTimes(mlir::func::FuncOp function);

  /// Of a value of the function's block or an op in it.
  Rate operator()(mlir::Value value) const { return values.lookup(value); }
  Rate operator()(mlir::Operation *op) const { return ops.lookup(op); }

private:
  llvm::DenseMap<mlir::Value, Rate> values;
  llvm::DenseMap<mlir::Operation *, Rate> ops;
};

} // namespace dit

#endif // DIT_PASSES_BINDINGTIMES_H
