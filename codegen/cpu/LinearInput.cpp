// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where a matmul's x comes from: read in place, or a prologue's rows.
#include "codegen/cpu/LinearShape.h"
#include "codegen/cpu/RowValue.h"

using namespace mlir;

namespace dit::codegen::cpu {

namespace {

/// Whole vectors a row, and not a multiple of a page: eight rows of a tile
/// would all fall into one set of the first cache.
int64_t strideOfMadeRows(int64_t k) {
  int64_t stride = llvm::alignTo(k, 16);
  return stride % 1024 ? stride : stride + 16;
}

} // namespace

LinearInput::LinearInput(KernelBody &body, const LinearShape &shape)
    : body(body), shape(shape), madeStride(strideOfMadeRows(shape.k)) {
  LinearOp op = shape.op;
  if (isa<BlockArgument>(op.getX()))
    argument = operandOf(op.getX());
}

int64_t LinearInput::scratchFloats() const {
  if (argument)
    return 0;
  return shape.blockRows * madeStride + rowScratchFloats;
}

LogicalResult LinearInput::make(Index begin, Index end, Ptr scratch) {
  if (argument)
    return success();
  LinearOp op = shape.op;
  FailureOr<int64_t> rowScratchBytes = 0;
  body.e.loop(begin, end, 1, [&](Index r) {
    Row row = shape.row(r);
    Ptr to = scratch + (r - begin) * madeStride;
    if (auto patchify = op.getX().getDefiningOp<PatchifyOp>())
      gatherPatches(patchify, row, to);
    else
      rowScratchBytes = emitRowValue(body, op.getX(), row, to,
                                     scratch + shape.blockRows * madeStride);
  });
  if (failed(rowScratchBytes))
    return failure();
  rowScratchFloats = *rowScratchBytes / 4;
  return success();
}

/// One patch vector, in the order (c, i, j): runs of `patch` pixels.
void LinearInput::gatherPatches(PatchifyOp op, const Row &row, Ptr to) {
  Emitter &e = body.e;
  unsigned image = operandOf(op.getX());
  ArrayRef<int64_t> strides = body.kernel.operands[image].strides;
  auto type = cast<RankedTensorType>(op.getX().getType());
  int64_t patch = op.getPatch(), across = type.getDimSize(3) / patch;
  Ptr corner = body.sample(image, row.sample) +
               row.token / across * (patch * strides[2]) +
               row.token % across * (patch * strides[3]);
  e.loop(0, type.getDimSize(1), 1, [&](Index c) {
    e.loop(0, patch, 1, [&](Index i) {
      Ptr pixels = corner + c * strides[1] + i * strides[2];
      Ptr features = to + (c * patch + i) * patch;
      e.loop(0, patch, 1, [&](Index j) {
        e.store(e.loadScalar(pixels + j * strides[3]), features + j);
      });
    });
  });
}

TileRows LinearInput::rows(Index row, int64_t count, Index begin,
                           Ptr scratch) const {
  if (!argument)
    return {scratch + (row - begin) * madeStride, madeStride};
  const Place &place = body.kernel.operands[*argument];
  const int64_t perStep = shape.pairs ? 2 : 1;
  int64_t perSample = place.strides[0] / perStep;
  int64_t perToken = shape.tokens > 1 ? place.strides[1] / perStep : perSample;
  // Samples that follow one another are one long list of rows.
  if (!place.gathered && perSample == shape.tokens * perToken)
    return {body.operands[*argument] + row * perToken, perToken};
  auto begins = [&](Index r) {
    Row at = shape.row(r);
    return body.sample(*argument, at.sample) + at.token * perToken;
  };
  if (shape.tokens % count == 0)
    return {begins(row), perToken};
  SmallVector<Ptr> each;
  for (int64_t i = 0; i < count; ++i)
    each.push_back(begins(row + i));
  return TileRows(std::move(each));
}

} // namespace dit::codegen::cpu
