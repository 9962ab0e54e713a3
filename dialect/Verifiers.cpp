// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The numbered constraints of DiTOps.td, in its order. Each check carries the
// constraint's number; test/dialect/<op>-errors.mlir has a case for each.
#include "dialect/DiTDialect.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace dit;

namespace {

RankedTensorType tensor(Value value) {
  return cast<RankedTensorType>(value.getType());
}

int64_t product(ArrayRef<int64_t> shape) {
  int64_t count = 1;
  for (int64_t dim : shape)
    count *= dim;
  return count;
}

LogicalResult expectShape(Operation *op, StringRef what, Value value,
                          ArrayRef<int64_t> want) {
  ArrayRef<int64_t> got = tensor(value).getShape();
  if (got == want)
    return success();
  return op->emitOpError() << what << " must be " << showShape(want) << ", got "
                           << showShape(got);
}

/// Of a weight: every size is known when the model is compiled.
LogicalResult expectStatic(Operation *op, StringRef what, Value value) {
  if (tensor(value).hasStaticShape())
    return success();
  return op->emitOpError() << what << " must have a static shape, got "
                           << value.getType();
}

/// Values that are multiplied with each other have one element type.
LogicalResult expectSameElements(Operation *op, StringRef what, Value a,
                                 Value b) {
  Type first = tensor(a).getElementType(), second = tensor(b).getElementType();
  if (first == second)
    return success();
  return op->emitOpError() << what << " must have one element type, got "
                           << first << " and " << second;
}

/// Only dit.cast rounds: a result is no narrower than what it is a sum of.
LogicalResult expectUnrounded(Operation *op, Value from) {
  Type operand = tensor(from).getElementType();
  Type result = tensor(op->getResult(0)).getElementType();
  if (result.getIntOrFloatBitWidth() >= operand.getIntOrFloatBitWidth())
    return success();
  return op->emitOpError() << "the result must have at least the bits of "
                           << operand << ", got " << result;
}

/// One row per sample: dim(c) = [dim(x, 0), dim(x, -1)].
LogicalResult expectCondition(Operation *op, StringRef what, Value c, Value x) {
  auto shape = tensor(x).getShape();
  return expectShape(op, what, c, {shape.front(), shape.back()});
}

/// (N, C, H, W) against (N, T, C*p*p).
LogicalResult verifyPatches(Operation *op, Value image, Value tokens,
                            int64_t patch) {
  auto shape = tensor(image).getShape();
  // (C1)
  if (patch < 1 || shape[2] % patch || shape[3] % patch)
    return op->emitOpError() << "patch " << patch << " must divide " << shape[2]
                             << " and " << shape[3];
  // (C2)
  return expectShape(op, "tokens", tokens,
                     {shape[0], (shape[2] / patch) * (shape[3] / patch),
                      shape[1] * patch * patch});
}

LogicalResult expectPositive(Operation *op, StringRef what,
                             const APFloat &value) {
  if (value.isFinite() && !value.isNegative() && !value.isZero())
    return success();
  return op->emitOpError() << what << " must be greater than 0";
}

/// What both position tables ask of their width and grids.
template <typename PositionOp> LogicalResult verifyGrid(PositionOp op) {
  // (C2)
  int64_t width = op.getType().getDimSize(1);
  if (width % 4)
    return op.emitOpError("width must be a multiple of 4, got ") << width;
  // (C1)
  int64_t sides[] = {(int64_t)op.getGridHeight(), (int64_t)op.getGridWidth()};
  if (sides[0] < 1 || sides[1] < 1)
    return op.emitOpError("grid must be at least 1 x 1, got ")
           << sides[0] << " x " << sides[1];
  int64_t tokens;
  if (llvm::MulOverflow(sides[0], sides[1], tokens))
    return op.emitOpError("grid must have fewer than 2^63 tokens, got ")
           << sides[0] << " x " << sides[1];
  // (C3)
  auto height = op.getTrainedHeight(), gridWidth = op.getTrainedWidth();
  if (height.has_value() != gridWidth.has_value())
    return op.emitOpError(
        "trained grid must have a height and a width, got one");
  if (height.value_or(1) < 1 || gridWidth.value_or(1) < 1)
    return op.emitOpError("trained grid must be at least 1 x 1, got ")
           << *height << " x " << *gridWidth;
  return success();
}

LogicalResult verifyBroadcast(Operation *op, Value lhs, Value rhs) {
  auto x = tensor(lhs).getShape(), y = tensor(rhs).getShape();
  // (C1)
  if (x.empty())
    return expectShape(op, "rhs", rhs, x);
  auto sample = x.drop_front();
  if (y == x || y == sample)
    return success();
  return op->emitOpError() << "rhs must be " << showShape(x) << " or "
                           << showShape(sample) << ", got " << showShape(y);
}

} // namespace

LogicalResult WeightOp::verify() {
  // (C1)
  return expectStatic(*this, "a weight", getResult());
}

LogicalResult SincosPositionOp::verify() {
  if (failed(verifyGrid(*this)))
    return failure();
  // (C1)
  int64_t tokens = getGridHeight() * getGridWidth();
  return expectShape(*this, "the table", getResult(),
                     {tokens, getType().getDimSize(1)});
}

LogicalResult RotaryPositionOp::verify() {
  if (failed(verifyGrid(*this)))
    return failure();
  // (C1)
  int64_t tokens = getGridHeight() * getGridWidth(),
          rows = getType().getDimSize(0);
  if (rows < tokens)
    return emitOpError("the table must have at least ")
           << tokens << " rows, got " << rows;
  // (C4)
  return expectPositive(*this, "theta", getTheta());
}

LogicalResult TimestepEmbeddingOp::verify() {
  auto shape = getType().getShape();
  // (C1)
  if (shape[1] % 2 || shape[1] <= 2)
    return emitOpError("dim must be even and greater than 2, got ") << shape[1];
  // (C2)
  int64_t shift = getShift();
  if (failed(expectPositive(*this, "max_period", getMaxPeriod())))
    return failure();
  if (shift < 0 || shift >= shape[1] / 2)
    return emitOpError("shift must be at least 0 and less than ")
           << shape[1] / 2 << ", got " << shift;
  // (C1)
  return expectShape(*this, "the result", getResult(),
                     {getT().getType().getDimSize(0), shape[1]});
}

LogicalResult EmbeddingOp::verify() {
  // (C2)
  if (failed(expectStatic(*this, "the table", getTable())))
    return failure();
  // (C1)
  return expectShape(
      *this, "the result", getResult(),
      {getIndex().getType().getDimSize(0), getTable().getType().getDimSize(1)});
}

LogicalResult PatchifyOp::verify() {
  return verifyPatches(*this, getX(), getResult(), getPatch());
}

LogicalResult UnpatchifyOp::verify() {
  return verifyPatches(*this, getResult(), getX(), getPatch());
}

LogicalResult SliceOp::verify() {
  auto x = getX().getType().getShape(), result = getType().getShape();
  int64_t dim = getDim(), offset = getOffset();
  if (dim < 0 || dim >= (int64_t)x.size())
    return emitOpError("dim must be less than the rank ")
           << x.size() << ", got " << dim;
  // (C3)
  if (getX().getType().isDynamicDim(dim) ||
      (dim == 0 && !getType().hasStaticShape()))
    return emitOpError("cannot slice the batch");
  // (C1)
  SmallVector<int64_t> want(x);
  if (result.size() == x.size())
    want[dim] = result[dim];
  if (failed(expectShape(*this, "the result", getResult(), want)))
    return failure();
  // (C2)
  if (offset < 0 || offset + result[dim] > x[dim])
    return emitOpError("range ") << offset << " to " << offset + result[dim]
                                 << " is outside a dimension of " << x[dim];
  return success();
}

LogicalResult ReshapeOp::verify() {
  auto x = getX().getType(), result = getType();
  auto from = x.getShape(), to = result.getShape();
  bool batched = !x.hasStaticShape();
  // (C1)
  if (batched) {
    if (to.empty() || !ShapedType::isDynamic(to[0]) ||
        !ShapedType::isDynamic(from[0]))
      return emitOpError("both shapes must begin with the batch");
    from = from.drop_front(), to = to.drop_front();
  }
  if (llvm::any_of(from, ShapedType::isDynamic) ||
      llvm::any_of(to, ShapedType::isDynamic) || product(from) != product(to))
    return emitOpError("must keep the number of elements, got ")
           << x << " and " << result;
  return success();
}

LogicalResult ConcatOp::verify() {
  // (C3)
  if (getXs().empty())
    return emitOpError("needs at least one operand");
  auto result = getType().getShape();
  int64_t dim = getDim(), total = 0;
  if (dim < 0 || dim >= (int64_t)result.size())
    return emitOpError("dim must be less than the rank ")
           << result.size() << ", got " << dim;
  bool isBatch = dim == 0 && !getType().hasStaticShape();
  for (Value x : getXs())
    isBatch |= dim == 0 && !tensor(x).hasStaticShape();
  if (isBatch)
    return emitOpError("cannot join along the batch");
  for (Value x : getXs()) {
    auto shape = tensor(x).getShape();
    SmallVector<int64_t> want(result);
    if (shape.size() == result.size())
      want[dim] = shape[dim];
    // (C1)
    if (failed(expectShape(*this, "an operand", x, want)))
      return failure();
    total += shape[dim];
  }
  // (C2)
  if (total != result[dim])
    return emitOpError("operands add up to ")
           << total << " along dim " << dim << ", but the result has "
           << result[dim];
  return success();
}

LogicalResult PackOp::verify() {
  auto w = getW().getType(), result = getType();
  // (C2)
  if (failed(expectStatic(*this, "w", getW())) ||
      failed(expectStatic(*this, "the result", getResult())))
    return failure();
  // (C1)
  if (!getLayout()) {
    if (w == result)
      return success();
    return emitOpError("without a layout must copy, got ")
           << w << " and " << result;
  }
  if (w.getRank() != 2)
    return emitOpError("must pack a weight (M, K), got ") << w;
  if (failed(
          expectSameElements(*this, "w and the result", getW(), getResult())))
    return failure();
  return expectShape(
      *this, "the result", getResult(),
      getLayout()->packedShape(w.getDimSize(0), w.getDimSize(1)));
}

LogicalResult CastOp::verify() {
  // (C1)
  return expectShape(*this, "the result", getResult(),
                     getX().getType().getShape());
}

LogicalResult LinearOp::verify() {
  auto x = tensor(getX()).getShape(), result = tensor(getResult()).getShape();
  // (C1)
  SmallVector<int64_t> want(x);
  want.back() = result.back();
  if (failed(expectShape(*this, "the result", getResult(), want)))
    return failure();
  // (C2)
  int64_t m = result.back(), k = x.back();
  LayoutAttr layout = packedIn();
  if (failed(layout ? expectShape(*this, "packed weight", getWeight(),
                                  layout.packedShape(m, k))
                    : expectShape(*this, "weight", getWeight(), {m, k})))
    return failure();
  // (C3)
  if (getBias() && failed(expectShape(*this, "bias", getBias(), {m})))
    return failure();
  // (C4)
  if (failed(expectSameElements(*this, "x and weight", getX(), getWeight())) ||
      failed(expectUnrounded(*this, getX())))
    return failure();
  Type element = tensor(getX()).getElementType();
  if (getBias() && tensor(getBias()).getElementType() != element &&
      failed(
          expectSameElements(*this, "bias and result", getBias(), getResult())))
    return failure();
  // (C5)
  bool isBf16 = multiplies() == Multiply::BF16;
  if (!getMatmul() || element.isF32() || (isBf16 && element.isBF16()))
    return success();
  return emitOpError("x must be of f32")
         << (isBf16 ? " or bf16" : "") << " to be multiplied as "
         << stringifyMultiply(multiplies()) << ", got " << element;
}

LogicalResult AttentionOp::verify() {
  auto q = getQ().getType().getShape(), k = getK().getType().getShape();
  // (C1)
  if (getHeads() < 1 || q[2] % getHeads())
    return emitOpError() << "heads must divide the width, but " << q[2] << " % "
                         << getHeads() << " is not 0";
  // (C2)
  if (failed(expectShape(*this, "k and v", getK(), {q[0], k[1], q[2]})) ||
      failed(expectShape(*this, "the result", getResult(), q)))
    return failure();
  // (C3)
  if (failed(expectSameElements(*this, "q and k", getQ(), getK())))
    return failure();
  return expectUnrounded(*this, getQ());
}

LogicalResult LayerNormOp::verify() {
  // (C1)
  if (failed(expectPositive(*this, "eps", getEps())))
    return failure();
  // (C2)
  if (!getWeight() != !getBias())
    return emitOpError("weight and bias must come together");
  int64_t width = tensor(getX()).getShape().back();
  if (getWeight() &&
      (failed(expectShape(*this, "weight", getWeight(), {width})) ||
       failed(expectShape(*this, "bias", getBias(), {width}))))
    return failure();
  return success();
}

LogicalResult RMSNormOp::verify() {
  // (C1)
  if (failed(expectPositive(*this, "eps", getEps())))
    return failure();
  // (C2)
  return getWeight() ? expectShape(*this, "weight", getWeight(),
                                   {tensor(getX()).getShape().back()})
                     : success();
}

LogicalResult ModulateOp::verify() {
  // (C1)
  return expectCondition(*this, "shift and scale", getShift(), getX());
}

LogicalResult GateOp::verify() {
  // (C1)
  return expectCondition(*this, "gate", getGate(), getX());
}

LogicalResult RotateOp::verify() {
  auto x = getX().getType().getShape(), table = getTable().getType().getShape();
  int64_t features = getFeatures();
  // (C2)
  if (table[1] % 2)
    return emitOpError("the table must have pairs of features, got ")
           << table[1];
  // (C1)
  if (features < 1 || features > x[2] || features % table[1])
    return emitOpError("features must be a multiple of ")
           << table[1] << " up to " << x[2] << ", got " << features;
  // (C3)
  return expectShape(*this, "the table", getTable(), {x[1], table[1]});
}

LogicalResult AddOp::verify() {
  return verifyBroadcast(*this, getLhs(), getRhs());
}
LogicalResult MulOp::verify() {
  return verifyBroadcast(*this, getLhs(), getRhs());
}

LogicalResult FusedOp::verifyRegions() {
  Block &body = getBody().front();
  auto yield = cast<YieldOp>(body.getTerminator());
  // (C1)
  if (body.getArgumentTypes() != getInputs().getTypes())
    return emitOpError("block arguments must have the operands' types");
  if (yield.getValues().getTypes() != getResultTypes())
    return emitOpError("dit.yield must give the results' types");
  // (C2)
  if (getOffsets() && getOffsets()->size() != getNumResults())
    return emitOpError("must have one offset a result, expected ")
           << getNumResults() << ", got " << getOffsets()->size();
  int64_t linears = 0, attentions = 0;
  for (Operation &op : body) {
    linears += isa<LinearOp>(op), attentions += isa<AttentionOp>(op);
    // (C4)
    if (isa<FusedOp, WeightOp>(op))
      return emitOpError("cannot hold ") << op.getName().getStringRef();
  }
  // (C3)
  bool isLinear = getKind() == KernelKind::Linear;
  bool isAttention = getKind() == KernelKind::Attention;
  if (linears != isLinear || attentions != isAttention)
    return emitOpError() << "of kind " << stringifyKernelKind(getKind())
                         << " cannot hold " << linears << " dit.linear and "
                         << attentions << " dit.attention";
  return success();
}
