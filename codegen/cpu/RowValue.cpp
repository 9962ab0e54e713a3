// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A part of a region as a row region of its own, for the row generator.
#include "codegen/cpu/RowValue.h"

#include "mlir/Analysis/SliceAnalysis.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace dit::codegen::cpu {

namespace {

/// `value` and what it is made of, as a region over the same operands. The op
/// is in no block; the caller erases it.
OwningOpRef<FusedOp> rowRegionOf(FusedOp op, Value value) {
  OpBuilder builder(op.getContext());
  auto region =
      FusedOp::create(builder, value.getLoc(), value.getType(), KernelKind::Row,
                      op.getInputs(), DenseI64ArrayAttr());
  Block &from = op.getBody().front(), &to = region.getBody().emplaceBlock();
  IRMapping map;
  for (BlockArgument arg : from.getArguments())
    map.map(arg, to.addArgument(arg.getType(), arg.getLoc()));
  SetVector<Operation *> needed;
  BackwardSliceOptions options;
  options.inclusive = true;
  (void)getBackwardSlice(value, &needed, options);
  builder.setInsertionPointToEnd(&to);
  for (Operation &inner : from.without_terminator())
    if (needed.contains(&inner))
      builder.clone(inner, map);
  YieldOp::create(builder, value.getLoc(), map.lookup(value));
  return region;
}

} // namespace

FailureOr<int64_t> emitRowValue(const KernelBody &body, Value value,
                                const Row &row, Ptr to, Ptr scratch) {
  OwningOpRef<FusedOp> region = rowRegionOf(body.op(), value);
  Kernel kernel = body.kernel;
  kernel.op = *region;
  // Every row of the result is the one place that the caller names.
  Place place;
  place.type = cast<RankedTensorType>(value.getType());
  place.strides.assign(place.type.getRank(), 0);
  place.strides.back() = 1;
  kernel.results.assign(1, place);
  KernelBody part{body.e,   body.machine,  kernel,    body.operands,
                  {to},     body.rowIndex, body.rows, body.begin,
                  body.end, scratch,       body.host};
  return emitRowOf(part, row);
}

} // namespace dit::codegen::cpu
