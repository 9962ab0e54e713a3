// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Each round interleaves row i of the first half with row i of the second, and
// log2(lanes) rounds bring every element home.
#include "codegen/cpu/Transpose.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace dit::codegen::cpu {

/// The lanes of a and b in turn: those of the first halves, or of the second.
static Num interleave(Num a, Num b, bool second) {
  Emitter &e = *a.e;
  SmallVector<int64_t> lanes;
  for (int64_t i = 0; i < e.lanes / 2; ++i) {
    int64_t lane = i + (second ? e.lanes / 2 : 0);
    lanes.push_back(lane), lanes.push_back(e.lanes + lane);
  }
  return {&e, vector::ShuffleOp::create(e.builder, e.loc, a.v, b.v, lanes)};
}

void transpose(SmallVectorImpl<Num> &rows) {
  size_t lanes = rows.size();
  for (size_t round = 1; round < lanes; round *= 2) {
    SmallVector<Num> next;
    for (size_t i = 0; i < lanes / 2; ++i) {
      next.push_back(interleave(rows[i], rows[i + lanes / 2], false));
      next.push_back(interleave(rows[i], rows[i + lanes / 2], true));
    }
    rows = next;
  }
}

} // namespace dit::codegen::cpu
