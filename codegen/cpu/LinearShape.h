// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The sizes of a linear region and how its work is cut, and the two ends of its
// kernel: where the rows of x come from, and what happens to the sums.
#ifndef DIT_CODEGEN_CPU_LINEARSHAPE_H
#define DIT_CODEGEN_CPU_LINEARSHAPE_H

#include "codegen/cpu/Elementwise.h"

namespace dit::codegen::cpu {

/// A matmul of R = N * tokens rows. A block of rows is worked on a panel of
/// weights at a time; the sums over k are cut into ranges of equal length, so
/// that a range of a panel stays in the second cache while the block's tiles go
/// over it. With bfloat16 a step of k is two features, a pair in the place of a
/// float32, in x and in the weights.
struct LinearShape {
  LinearShape(const KernelBody &body, LinearOp op);

  LinearOp op;
  int64_t tokens;             ///< rows a sample; 1 for x (N, K)
  bool pairs;                 ///< x and weights are bfloat16
  int64_t k, m;               ///< steps of features in, and features out
  int64_t panel, panels;      ///< columns of a panel, ceil(m / panel)
  int64_t lanes;              ///< of a vector
  int64_t tileRows;           ///< of the register tile
  int64_t unroll;             ///< steps of k in an iteration
  int64_t blockRows;          ///< a multiple of tileRows
  int64_t rangeSteps, ranges; ///< of k: ceil(k / rangeSteps)
  int64_t unitPanels;         ///< the least that a unit works on
  int64_t groupPanels; ///< how many keep their sums between two ranges of k

  /// Emits `body` with the columns that the panel has, rounded up to `granule`:
  /// once, or for the last panel and the others.
  void onPanel(Index number, int64_t granule,
               llvm::function_ref<void(int64_t columns)> body) const;
  Row row(Index r) const; ///< the r-th of all rows
};

/// Where the rows of a tile are: one after the other at one distance, or each
/// where it is.
class TileRows {
public:
  TileRows(Ptr first, int64_t stride) : begins{first}, stride(stride) {}
  explicit TileRows(llvm::SmallVector<Ptr> begins)
      : begins(std::move(begins)) {}

  /// The address of element k + u of row i.
  Ptr at(int64_t i, Index k, int64_t u) const {
    return stride ? begins[0] + k + (i * *stride + u) : begins[i] + k + u;
  }

private:
  llvm::SmallVector<Ptr> begins;
  std::optional<int64_t> stride;
};

/// x: read where it lies, or made a block of rows at a time by the region's
/// prologue (row ops, or patchify).
class LinearInput {
public:
  LinearInput(KernelBody &body, const LinearShape &shape);

  /// Known once make() was called.
  int64_t scratchFloats() const;
  /// Emits the prologue for the rows [begin, end), at most a block.
  mlir::LogicalResult make(Index begin, Index end, Ptr scratch);
  /// `count` rows from `row` on, of the block that begins at `begin`.
  TileRows rows(Index row, int64_t count, Index begin, Ptr scratch) const;

private:
  void gatherPatches(PatchifyOp op, const Row &row, Ptr to);

  KernelBody &body;
  const LinearShape &shape;
  std::optional<unsigned>
      argument;                 ///< that x is; none where there is a prologue
  int64_t madeStride;           ///< floats between the rows of a prologue
  int64_t rowScratchFloats = 0; ///< that making one of these takes
};

/// What becomes of a panel's finished sums: bias, the region's epilogue,
/// stores.
class LinearOutput {
public:
  LinearOutput(KernelBody &body, const LinearShape &shape)
      : body(body), shape(shape) {}

  /// Diagnoses an epilogue that is more than elementwise ops and a last
  /// unpatchify.
  mlir::LogicalResult check() const;
  int64_t scratchFloats() const;
  /// Emits the epilogue of `panel` for the rows [begin, end), whose sums follow
  /// one another at `sums`, a panel's width apart.
  void finish(Index panel, Index begin, Index end, Ptr sums, Ptr scratch);

private:
  void finishRows(Index panel, int64_t columns, Index begin, Index end,
                  Ptr sums, Ptr scratch);
  void scatter(UnpatchifyOp op, unsigned result, const Row &row, Index panel,
               int64_t columns, Ptr from);

  KernelBody &body;
  const LinearShape &shape;
};

} // namespace dit::codegen::cpu

#endif // DIT_CODEGEN_CPU_LINEARSHAPE_H
