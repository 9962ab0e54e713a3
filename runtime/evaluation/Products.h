// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// All dot products of the rows of two matrices, a tile at a time, in float64.
#ifndef DIT_RUNTIME_EVALUATION_PRODUCTS_H
#define DIT_RUNTIME_EVALUATION_PRODUCTS_H

#include "runtime/evaluation/Evaluation.h"
#include "runtime/evaluation/ProductKernels.h"

#include <functional>

namespace dit::runtime {

/// A matrix whose rows are multiplied: its element (row, k), k < depth, is
/// data[row * rowStride + k * depthStride].
struct Operand {
  const double *data;
  Eigen::Index rows, depth, rowStride, depthStride;
};

/// Rows or columns as rows of an operand, where they lie.
Operand rowsOf(const Rows &rows);
Operand columnsOf(const Rows &rows);
Operand columnsOf(const Eigen::MatrixXd &columns);

/// The dot products of rows [first, first + tile.rows()) of a with those of b
/// from `second` on; the visitor may change them.
using ProductTile = Eigen::Map<Rows, 0, Eigen::OuterStride<>>;
using VisitTile = std::function<void(Eigen::Index first, Eigen::Index second,
                                     ProductTile tile)>;

/// Rows of a tile, but for the last one: first and second are multiples of it.
inline constexpr Eigen::Index kTileRows = 240;

/// Calls `visit` once for each tile of a b^T, from several threads. Every value
/// is the same whatever their number.
void forEachTile(const Operand &a, const Operand &b, ThreadPool &pool,
                 const VisitTile &visit,
                 const ProductKernel &kernel = productKernels()[0]);
/// The same for a a^T, but of two tiles that are each other's transposes only
/// the one with first < second.
void forEachTile(const Operand &a, ThreadPool &pool, const VisitTile &visit,
                 const ProductKernel &kernel = productKernels()[0]);

} // namespace dit::runtime

#endif // DIT_RUNTIME_EVALUATION_PRODUCTS_H
