// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How a row kernel reads its row: in passes over the columns, a new one
// wherever a value depends on a sum over the whole row. No code is made here.
#ifndef DIT_CODEGEN_CPU_ROWPLAN_H
#define DIT_CODEGEN_CPU_ROWPLAN_H

#include "dialect/DiTDialect.h"
#include "llvm/ADT/MapVector.h"
#include <set>

namespace dit::codegen::cpu {

/// A sum over the columns of a norm's x, made during one pass.
struct RowSum {
  mlir::Operation *norm;
  int pass;
  bool centred; ///< of x - mean instead of x
  bool squared;

  mlir::Value x() const { return norm->getOperand(0); }
};

/// Which pass makes which value of a row region's body, and what is kept for
/// later ones.
///
/// The pass of a value is the first in which a column of it can be computed:
/// the latest of its operands', two after x's for layer_norm (mean, then
/// centred squares), one after for rms_norm. A value that several passes need
/// is computed in its own and kept: in the result's row where it is a result,
/// else in a row of scratch. Either is in L1, and cheaper than reading its
/// operands again.
class RowPlan {
public:
  explicit RowPlan(FusedOp op);

  int passCount() const { return passes; }
  llvm::ArrayRef<RowSum> allSums() const { return sums; }
  /// The sums of one pass over one width.
  llvm::SmallVector<RowSum> sumsOf(int pass, int64_t width) const;
  /// The widths that a pass has something to do on, ascending.
  std::set<int64_t> widthsOf(int pass) const;

  int passOf(mlir::Value value) const { return made.lookup(value); }
  bool isNeeded(mlir::Value value, int pass) const;
  bool isKept(mlir::Value value) const;
  /// Where it is yielded; empty for what stays inside.
  llvm::ArrayRef<unsigned> resultsOf(mlir::Value value) const;
  /// Floats from scratch's begin of a value that is kept but not yielded.
  int64_t scratchOf(mlir::Value value) const { return scratch.lookup(value); }
  int64_t scratchBytes() const { return scratchFloats * 4; }
  /// Every value that the region makes or hands through, operands first.
  llvm::ArrayRef<mlir::Value> values() const { return order; }

private:
  void findPasses();
  void findNeeds();

  int passes = 1;
  int64_t scratchFloats = 0;
  llvm::SmallVector<mlir::Value> order;
  llvm::SmallVector<RowSum> sums;
  llvm::DenseMap<mlir::Value, int> made;
  llvm::DenseMap<mlir::Value, std::set<int>> needs;
  llvm::DenseMap<mlir::Value, llvm::SmallVector<unsigned>> results;
  llvm::DenseMap<mlir::Value, int64_t> scratch;
};

/// The size of the last dimension.
int64_t widthOf(mlir::Value value);

} // namespace dit::codegen::cpu

#endif // DIT_CODEGEN_CPU_ROWPLAN_H
