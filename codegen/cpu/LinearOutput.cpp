// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The end of a matmul: bias and epilogue on finished sums, and their stores.
#include "codegen/cpu/LinearShape.h"

using namespace mlir;

namespace dit::codegen::cpu {

namespace {

/// The value that a yield's place in a row is computed from: unpatchify moves
/// elements, and is made when they are stored.
Value beforeUnpatchify(Value yielded) {
  auto op = yielded.getDefiningOp<UnpatchifyOp>();
  return op ? op.getX() : yielded;
}

} // namespace

LogicalResult LinearOutput::check() const {
  FusedOp region = body.op();
  LinearOp op = shape.op;
  SmallVector<Value> open;
  auto yields = region.getBody().front().getTerminator()->getOperands();
  for (auto [i, yielded] : llvm::enumerate(yields)) {
    Value value = beforeUnpatchify(yielded);
    ArrayRef<int64_t> got = cast<RankedTensorType>(value.getType()).getShape();
    ArrayRef<int64_t> sums = cast<RankedTensorType>(op.getType()).getShape();
    if (got != sums)
      return region.emitOpError("cannot be compiled for the CPU: result ")
             << i << " must have the rows and columns of the matmul's sums";
    open.push_back(value);
  }
  while (!open.empty()) {
    Operation *op = open.pop_back_val().getDefiningOp();
    if (!op || op == shape.op)
      continue;
    if (!isElementwise(op))
      return op->emitOpError("cannot be compiled for the CPU: what a matmul's "
                             "region yields must be elementwise in its sums");
    llvm::append_range(open, op->getOperands());
  }
  return success();
}

int64_t LinearOutput::scratchFloats() const {
  FusedOp region = body.op();
  bool scatters = !region.getBody().front().getOps<UnpatchifyOp>().empty();
  return scatters ? region.getNumResults() * shape.panel : 0;
}

void LinearOutput::finish(Index panel, Index begin, Index end, Ptr sums,
                          Ptr scratch) {
  shape.onPanel(panel, 1, [&](int64_t columns) {
    finishRows(panel, columns, begin, end, sums, scratch);
  });
}

void LinearOutput::finishRows(Index panel, int64_t columns, Index begin,
                              Index end, Ptr sums, Ptr scratch) {
  Emitter &e = body.e;
  FusedOp region = body.op();
  LinearOp linear = shape.op;
  OperandRange yields = region.getBody().front().getTerminator()->getOperands();
  e.loop(begin, end, 1, [&](Index r) {
    Row row = shape.row(r);
    Elementwise values(body);
    values.enter(row);
    Ptr rowSums = sums + (r - begin) * shape.panel;
    for (int64_t c = 0; c < columns; c += shape.lanes) {
      Columns at{panel * shape.panel + c, std::min(shape.lanes, columns - c)};
      values.forget();
      Num sum = e.load(rowSums + c);
      if (linear.getBias())
        sum = sum + values.at(linear.getBias(), row, at);
      values.define(linear.getResult(), sum);
      for (auto [i, yielded] : llvm::enumerate(yields)) {
        Num x = values.at(beforeUnpatchify(yielded), row, at);
        if (yielded.getDefiningOp<UnpatchifyOp>())
          e.store(x, scratch + (i * shape.panel + c));
        else
          values.store(x, i, row, at);
      }
    }
    for (auto [i, yielded] : llvm::enumerate(yields))
      if (auto unpatchify = yielded.getDefiningOp<UnpatchifyOp>())
        scatter(unpatchify, i, row, panel, columns, scratch + i * shape.panel);
  });
}

/// `columns` features of a token, whose order is (i, j, c), to their pixels.
void LinearOutput::scatter(UnpatchifyOp op, unsigned result, const Row &row,
                           Index panel, int64_t columns, Ptr from) {
  Emitter &e = body.e;
  auto type = cast<RankedTensorType>(op.getType());
  ArrayRef<int64_t> strides = body.kernel.results[result].strides;
  int64_t patch = op.getPatch(), channels = type.getDimSize(1);
  int64_t across = type.getDimSize(3) / patch;
  Ptr corner = body.results[result] + row.sample * strides[0] +
               row.token / across * (patch * strides[2]) +
               row.token % across * (patch * strides[3]);
  e.loop(0, columns, 1, [&](Index column) {
    Index feature = panel * shape.panel + column;
    Index c = feature % channels, pixel = feature / channels;
    e.store(e.loadScalar(from + column), corner + c * strides[1] +
                                             pixel / patch * strides[2] +
                                             pixel % patch * strides[3]);
  });
}

} // namespace dit::codegen::cpu
