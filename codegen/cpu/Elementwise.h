// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The one expression generator of the CPU target: the value of an elementwise op
// (or of a region argument) at one place of a row. Row kernels, prologues and
// epilogues of matmuls are all made of it.
#ifndef DIT_CODEGEN_CPU_ELEMENTWISE_H
#define DIT_CODEGEN_CPU_ELEMENTWISE_H

#include "codegen/cpu/Kernels.h"

namespace dit::codegen::cpu {

/// One token of one sample.
struct Row {
  Index sample; ///< n
  Index token;  ///< t; 0 for tensors (N, D)
};

/// `count` columns from `column` on: a vector where count is the lanes, a
/// vector with its last lanes undefined where it is less.
struct Columns {
  Index column;
  int64_t count;
};

/// True for the ops that evaluate() can do: add, mul, modulate, gate, gelu, silu, cast.
bool isElementwise(mlir::Operation *op);

/// Evaluates values of one region. Values that a skeleton makes itself (a
/// matmul's accumulator, a normalised row) are given with define().
class Elementwise {
public:
  explicit Elementwise(KernelBody &body) : body(body) {}

  /// `value` is `x` at the place that is being evaluated, until forget().
  void define(mlir::Value value, Num x) { known[value] = x; }
  void forget() { known.clear(); }

  /// The value at (row, columns): of a region argument by loading it, of an
  /// elementwise op by evaluating its operands. Results are remembered until forget().
  Num at(mlir::Value value, const Row &row, const Columns &columns);

  /// Stores x into result `index` of the region.
  void store(Num x, unsigned index, const Row &row, const Columns &columns);

  /// The address of a region argument's (or, with isResult, a result's) element.
  Ptr address(unsigned index, bool isResult, const Row &row, Index column);

private:
  KernelBody &body;
  llvm::DenseMap<mlir::Value, Num> known;
};

} // namespace dit::codegen::cpu

#endif // DIT_CODEGEN_CPU_ELEMENTWISE_H
