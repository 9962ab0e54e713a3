// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The register tile's loop over k, and cutting rows into tiles.
#include "codegen/cpu/MatmulTile.h"

using namespace mlir;

namespace dit::codegen::cpu {

namespace {

/// One multiply-add for each sum.
void step(MatmulTile tile, const TileOperands &operands, Index k, int64_t u,
          SmallVectorImpl<Num> &sums) {
  SmallVector<Num> b;
  for (int64_t j = 0; j < tile.vectors; ++j)
    b.push_back(operands.b(j, k, u));
  for (int64_t i = 0; i < tile.rows; ++i) {
    Num a = broadcast(operands.a(i, k, u));
    for (int64_t j = 0; j < tile.vectors; ++j) {
      Num &sum = sums[i * tile.vectors + j];
      sum = operands.multiplyAdd(a, b[j], sum);
    }
  }
}

} // namespace

SmallVector<Num> accumulate(Emitter &e, MatmulTile tile, const Steps &steps,
                            const TileOperands &operands) {
  SmallVector<Num> sums(tile.rows * tile.vectors, e.splat(0));
  Index whole = steps.divides ? steps.end
                              : steps.begin + (steps.end - steps.begin) /
                                                  steps.unroll * steps.unroll;
  sums = e.loop(steps.begin, whole, steps.unroll, sums,
                [&](Index k, ArrayRef<Num> carried) {
                  SmallVector<Num> next(carried);
                  operands.ahead(k);
                  for (int64_t u = 0; u < steps.unroll; ++u)
                    step(tile, operands, k, u, next);
                  return next;
                });
  if (steps.divides)
    return sums;
  return e.loop(whole, steps.end, 1, sums, [&](Index k, ArrayRef<Num> carried) {
    SmallVector<Num> next(carried);
    step(tile, operands, k, 0, next);
    return next;
  });
}

void forEachTile(Emitter &e, Index begin, Index end, int64_t tileRows,
                 int64_t granule, function_ref<void(Index, int64_t)> body) {
  Index count = end - begin;
  e.loop(begin, begin + count / tileRows * tileRows, tileRows,
         [&](Index row) { body(row, tileRows); });
  for (int64_t rows = tileRows / 2; rows >= 1 && granule % (2 * rows) != 0;
       rows /= 2)
    e.ifThen((count / rows) % 2 == e.index(1),
             [&] { body(begin + count / (2 * rows) * (2 * rows), rows); });
}

} // namespace dit::codegen::cpu
