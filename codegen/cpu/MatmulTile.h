// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The block that every matmul of the CPU target is made of: a tile of the
// result that stays in registers while its sums run over k.
#ifndef DIT_CODEGEN_CPU_MATMULTILE_H
#define DIT_CODEGEN_CPU_MATMULTILE_H

#include "codegen/host/Emit.h"
#include <functional>

namespace dit::codegen::cpu {

/// A tile of `rows` rows and `vectors` vectors of columns.
struct MatmulTile {
  int64_t rows, vectors;
};

/// The range [begin, end) that the sums run over, `unroll` steps an iteration.
/// `divides`: end - begin is known to be a multiple of unroll.
struct Steps {
  Index begin, end;
  int64_t unroll;
  bool divides;
};

/// The operands of one step, `k + u` with a constant u: so that addresses can
/// be written as one pointer and a displacement.
struct TileOperands {
  /// The scalar of A at (row, k + u), which must be a load: it becomes the
  /// broadcast operand of the multiply-add.
  std::function<Num(int64_t row, Index k, int64_t u)> a;
  /// The vector of B at (k + u, vector).
  std::function<Num(int64_t vector, Index k, int64_t u)> b;
  /// A step's product of a broadcast a and a vector b, added to a sum.
  Num (*multiplyAdd)(Num a, Num b, Num sum) = fma;
  /// Emitted once an iteration, before its steps: prefetches.
  std::function<void(Index k)> ahead = [](Index) {};
};

/// sums[row * vectors + vector] = sum over k of a[row, k] * b[k, vector], every
/// sum in the order of k, whatever the tile: tiles of any shape give the same
/// bits.
llvm::SmallVector<Num> accumulate(Emitter &e, MatmulTile tile,
                                  const Steps &steps,
                                  const TileOperands &operands);

/// Cuts the rows [begin, end) into tiles of `tileRows` (a power of two) and the
/// rest into tiles of half that, a quarter, ... down to 1. `granule`: the
/// number of rows is known to be a multiple of it, so that smaller tiles are
/// not needed.
void forEachTile(Emitter &e, Index begin, Index end, int64_t tileRows,
                 int64_t granule,
                 llvm::function_ref<void(Index row, int64_t rows)> body);

} // namespace dit::codegen::cpu

#endif // DIT_CODEGEN_CPU_MATMULTILE_H
