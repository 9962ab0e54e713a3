// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Both operands of a tile are packed, some of the depth at a time, as the
// kernel reads them; what it writes stays in a second-level cache.
#include "runtime/evaluation/Products.h"

#include "runtime/cpu/ThreadPool.h"

#include <algorithm>
#include <vector>

namespace dit::runtime {
namespace {

using Eigen::Index;

constexpr Index kDepth = 256;

/// A worker's memory.
struct Workspace {
  std::vector<double> a, b, tile;
  Workspace()
      : a(kTileRows * kDepth), b(kTileRows * kDepth),
        tile(kTileRows * kTileRows) {}
};

struct Product {
  const Operand &a, &b;
  const ProductKernel &kernel;

  void multiply(Index first, Index second, Workspace &memory) const;
};

/// Rows [first, first + count) and depth [begin, begin + depth) in panels of
/// `panel` rows, the last one filled up with zeros: to[(p * depth + k) * panel
/// + row of p].
void pack(const Operand &o, Index first, Index count, Index begin, Index depth,
          Index panel, double *to) {
  for (Index row = 0; row < count; row += panel) {
    Index present = std::min(panel, count - row);
    const double *from = o.data + (first + row) * o.rowStride;
    for (Index k = begin; k < begin + depth; ++k, to += panel) {
      for (Index i = 0; i < present; ++i)
        to[i] = from[i * o.rowStride + k * o.depthStride];
      std::fill(to + present, to + panel, 0.0);
    }
  }
}

void Product::multiply(Index first, Index second, Workspace &memory) const {
  Index rows = std::min(kTileRows, a.rows - first);
  Index columns = std::min(kTileRows, b.rows - second);
  std::fill(memory.tile.begin(), memory.tile.end(), 0.0);
  for (Index k = 0; k < a.depth; k += kDepth) {
    Index depth = std::min(kDepth, a.depth - k);
    pack(a, first, rows, k, depth, kernel.rows, memory.a.data());
    pack(b, second, columns, k, depth, kernel.columns, memory.b.data());
    for (Index j = 0; j < columns; j += kernel.columns)
      for (Index i = 0; i < rows; i += kernel.rows)
        kernel.multiply(&memory.a[i * depth], &memory.b[j * depth], depth,
                        &memory.tile[i * kTileRows + j], kTileRows);
  }
}

void run(const Product &product, std::vector<std::pair<Index, Index>> tiles,
         ThreadPool &pool, const VisitTile &visit) {
  std::vector<Workspace> memory(pool.threads());
  pool.run(static_cast<int64_t>(tiles.size()),
           [&](int worker, int64_t begin, int64_t end) {
             for (int64_t unit = begin; unit < end; ++unit) {
               auto [first, second] = tiles[unit];
               product.multiply(first, second, memory[worker]);
               visit(first, second,
                     {memory[worker].tile.data(),
                      std::min(kTileRows, product.a.rows - first),
                      std::min(kTileRows, product.b.rows - second),
                      Eigen::OuterStride<>(kTileRows)});
             }
           });
}

} // namespace

Operand rowsOf(const Rows &rows) {
  return {rows.data(), rows.rows(), rows.cols(), rows.cols(), 1};
}

Operand columnsOf(const Rows &rows) {
  return {rows.data(), rows.cols(), rows.rows(), 1, rows.cols()};
}

Operand columnsOf(const Eigen::MatrixXd &columns) {
  return {columns.data(), columns.cols(), columns.rows(), columns.rows(), 1};
}

void forEachTile(const Operand &a, const Operand &b, ThreadPool &pool,
                 const VisitTile &visit, const ProductKernel &kernel) {
  std::vector<std::pair<Index, Index>> tiles;
  for (Index first = 0; first < a.rows; first += kTileRows)
    for (Index second = 0; second < b.rows; second += kTileRows)
      tiles.emplace_back(first, second);
  run({a, b, kernel}, std::move(tiles), pool, visit);
}

void forEachTile(const Operand &a, ThreadPool &pool, const VisitTile &visit,
                 const ProductKernel &kernel) {
  std::vector<std::pair<Index, Index>> tiles;
  for (Index first = 0; first < a.rows; first += kTileRows)
    for (Index second = first; second < a.rows; second += kTileRows)
      tiles.emplace_back(first, second);
  run({a, a, kernel}, std::move(tiles), pool, visit);
}

} // namespace dit::runtime
