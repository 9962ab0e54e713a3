// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From an op to its formula. A new op needs one case here.
#include "dialect/Semantics.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using llvm::createStringError;
using llvm::Expected;

namespace dit {

SmallVector<int64_t, 4> shapeWithBatch(RankedTensorType type, int64_t batch) {
  SmallVector<int64_t, 4> shape(type.getShape());
  for (int64_t &dim : shape)
    if (ShapedType::isDynamic(dim))
      dim = batch;
  return shape;
}

/// Operand `value` of `op` among the evaluated operands; null where it is
/// absent.
static const Tensor *find(Operation *op, ArrayRef<const Tensor *> operands,
                          Value value) {
  for (auto [operand, tensor] : llvm::zip(op->getOperands(), operands))
    if (operand == value)
      return tensor;
  return nullptr;
}

Expected<Tensor> evaluate(Operation *op, ArrayRef<const Tensor *> in,
                          int64_t batch, bool exact) {
  if (op->getNumResults() != 1 ||
      !isa<RankedTensorType>(op->getResultTypes()[0]))
    return createStringError("the interpreter has no case for '" +
                             op->getName().getStringRef() + "'");
  auto type = cast<RankedTensorType>(op->getResultTypes()[0]);
  Tensor result(shapeWithBatch(type, batch), type.getElementType());
  auto get = [&](Value value) { return find(op, in, value); };
  std::string error;

  using namespace semantics;
  llvm::TypeSwitch<Operation *>(op)
      .Case([&](SincosPositionOp op) {
        sincosPosition(op.getGridHeight(), op.getGridWidth(), op.getRowScale(),
                       op.getColumnScale(), result);
      })
      .Case([&](RotaryPositionOp op) {
        rotaryPosition(op.getGridHeight(), op.getGridWidth(), op.getRowScale(),
                       op.getColumnScale(), op.getTheta().convertToDouble(),
                       result);
      })
      .Case([&](TimestepEmbeddingOp op) {
        timestepEmbedding(*in[0], op.getMaxPeriod().convertToDouble(),
                          op.getShift(), result);
      })
      .Case([&](EmbeddingOp op) {
        bool rounds = op.getIndex().getType().getElementType().isF32();
        if (!embedding(*in[0], *in[1], rounds, result))
          error = "a label is outside the table's rows 0 to " +
                  std::to_string(in[1]->dim(0) - 1);
      })
      .Case([&](PatchifyOp op) { patchify(*in[0], op.getPatch(), result); })
      .Case([&](UnpatchifyOp op) { unpatchify(*in[0], op.getPatch(), result); })
      .Case([&](SliceOp op) {
        slice(*in[0], op.getDim(), op.getOffset(), result);
      })
      .Case([&](ReshapeOp) { result.values = in[0]->values; })
      .Case([&](ConcatOp op) { concat(in, op.getDim(), result); })
      .Case([&](PackOp op) { pack(*in[0], op.getLayoutAttr(), result); })
      .Case([&](CastOp) {
        if (exact)
          result.values = in[0]->values;
        else
          semantics::cast(*in[0], result);
      })
      .Case([&](LinearOp op) {
        // What is of a narrower type is rounded already.
        bool rounds = !exact && in[0]->elementType.isF32();
        Multiply as = rounds ? op.multiplies() : Multiply::F32;
        linear(*in[0], *in[1], get(op.getBias()), as, op.packedIn(), result);
      })
      .Case([&](AttentionOp op) {
        attention(*in[0], *in[1], *in[2], op.getHeads(), result);
      })
      .Case([&](LayerNormOp op) {
        layerNorm(*in[0], get(op.getWeight()), get(op.getBias()),
                  op.getEps().convertToDouble(), result);
      })
      .Case([&](RMSNormOp op) {
        rmsNorm(*in[0], get(op.getWeight()), op.getEps().convertToDouble(),
                result);
      })
      .Case([&](ModulateOp op) { modulate(*in[0], *in[1], *in[2], result); })
      .Case([&](GateOp op) { gate(*in[0], *in[1], result); })
      .Case([&](RotateOp op) {
        rotate(*in[0], *in[1], op.getFeatures(), result);
      })
      .Case([&](AddOp op) { add(*in[0], *in[1], result); })
      .Case([&](MulOp op) { mul(*in[0], *in[1], result); })
      .Case([&](SiluOp op) { silu(*in[0], result); })
      .Case([&](GeluOp op) { gelu(*in[0], op.getForm(), result); })
      .Default([&](Operation *op) {
        error = ("the interpreter has no case for '" +
                 op->getName().getStringRef() + "'")
                    .str();
      });
  if (!error.empty())
    return createStringError(error);
  return result;
}

} // namespace dit
