// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The one expression generator of the CPU target: the value of an elementwise
// op (or of a region argument) at one place of a row. Row kernels, prologues
// and epilogues of matmuls are all made of it.
#ifndef DIT_CODEGEN_CPU_ELEMENTWISE_H
#define DIT_CODEGEN_CPU_ELEMENTWISE_H

#include "codegen/cpu/Kernels.h"

namespace dit::codegen::cpu {

/// One token of one sample.
struct Row {
  Index sample; ///< n
  Index token;  ///< t; 0 for tensors (N, D)
};

/// `count` columns from `column`, a multiple of the lanes, on: a vector where
/// count is the lanes, a vector with its last lanes undefined where it is less.
struct Columns {
  Index column;
  int64_t count;
};

/// True for the ops that at() can do: add, mul, modulate, gate, gelu, silu,
/// rotate, cast, embedding.
bool isElementwise(mlir::Operation *op);

/// Diagnoses at the region what no CPU kernel can read or write yet: element
/// types other than float32 (int32 for labels), a last dimension that is not
/// contiguous. Every generator asks it first.
mlir::LogicalResult checkOperands(const KernelBody &body);

/// Evaluates values of one region. Values that a skeleton makes itself (a
/// matmul's accumulator, a normalised row) are given with define().
///
/// A region argument is read by its type: (N, T, D) at (sample, token), (N, D)
/// at the sample, (T, D) at the token, (D) at every row alike.
class Elementwise {
public:
  explicit Elementwise(KernelBody &body) : body(body) {}

  /// Computes here, once, where every operand and result of `row` begins; at(),
  /// store() and address() use it when they are called with the same row. Call
  /// it before the loop over columns: a gathered row's index is not a load that
  /// LLVM would move out of a loop which stores. Rows that were not entered
  /// work too, and compute their addresses wherever they are used.
  void enter(const Row &row);

  /// `value` is `x` at the place that is being evaluated, until forget().
  void define(mlir::Value value, Num x) { known[value] = x; }
  void forget() { known.clear(); }

  /// The value at (row, columns): of a region argument by loading it, of an
  /// elementwise op by evaluating its operands. Results are remembered until
  /// forget(), which belongs before every new place.
  Num at(mlir::Value value, const Row &row, const Columns &columns);

  /// Stores x into result `index` of the region.
  void store(Num x, unsigned index, const Row &row, const Columns &columns);

  /// The address of a region argument's (or, with isResult, a result's)
  /// element.
  Ptr address(unsigned index, bool isResult, const Row &row, Index column);

private:
  struct Begins {
    llvm::SmallVector<Ptr> operands, results;
    llvm::DenseMap<mlir::Operation *, Ptr> tableRows; ///< of embeddings
  };

  Num evaluate(mlir::Operation *op, const Row &row, const Columns &columns);
  Num sum(AddOp op, const Row &row, const Columns &columns);
  Ptr begin(unsigned index, bool isResult, const Row &row);
  Num rotated(RotateOp op, const Row &row, const Columns &columns);
  Num turns(RotateOp op, const Row &row, const Columns &columns);
  Ptr tableRow(EmbeddingOp op, const Row &row);
  const Begins *entered(const Row &row) const;

  KernelBody &body;
  llvm::DenseMap<mlir::Value, Num> known;
  llvm::DenseMap<std::pair<mlir::Value, mlir::Value>, Begins> rows;
};

// The activations, NaN for NaN and the limits at infinity.
Num silu(Num x);
Num geluTanh(Num x);
Num geluErf(Num x);

} // namespace dit::codegen::cpu

#endif // DIT_CODEGEN_CPU_ELEMENTWISE_H
