// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Following a pack region's body back to the weights.
#include "codegen/cpu/WeightSource.h"

#include "llvm/ADT/TypeSwitch.h"
#include <numeric>

using namespace mlir;

namespace dit::codegen::cpu {

namespace {

FailureOr<WeightPieces> argumentPieces(BlockArgument arg, KernelBody &body) {
  const Place &place = body.kernel.operands[operandOf(arg)];
  int64_t consecutive = 1;
  for (int64_t dim = place.type.getRank() - 1; dim >= 0; --dim) {
    if (place.strides[dim] != consecutive && place.type.getDimSize(dim) != 1)
      return body.op().emitOpError()
             << "operand " << operandOf(arg)
             << " must be a whole weight, but is part of one";
    consecutive *= place.type.getDimSize(dim);
  }
  Ptr base = body.operands[operandOf(arg)];
  WeightPiece piece{
      consecutive, consecutive, [=](Index i) { return base + i; }, {}};
  piece.load = [=](Index i, int64_t count) {
    return base.e->load(base + i, count);
  };
  return WeightPieces{piece};
}

FailureOr<WeightPieces> concatPieces(ConcatOp op, KernelBody &body) {
  for (int64_t size : op.getType().getShape().take_front(op.getDim()))
    if (size != 1)
      return op.emitOpError()
             << "of weights must be along dim 0, but is along dim "
             << op.getDim();
  WeightPieces all;
  for (Value x : op.getXs()) {
    FailureOr<WeightPieces> pieces = weightPieces(x, body);
    if (failed(pieces))
      return failure();
    llvm::append_range(all, *pieces);
  }
  return all;
}

using Load = std::function<Num(Index, int64_t)>;

/// A computed piece of `floats` elements, those of both sides from atA and atB
/// on. Its runs are no longer than what divides every place where a run of
/// either ends.
WeightPiece combine(bool isSum, const WeightPiece &a, int64_t atA,
                    const WeightPiece &b, int64_t atB, int64_t floats) {
  int64_t run = std::gcd(std::gcd(a.run, atA), std::gcd(b.run, atB));
  // A shorter rhs begins again after its last element.
  bool repeats = floats > b.floats - atB;
  Load load = [=, x = a.load, y = b.load, period = b.floats](Index i,
                                                             int64_t count) {
    Num l = x(i + atA, count);
    Num r = y(repeats ? (i + atB) % period : i + atB, count);
    return isSum ? l + r : l * r;
  };
  return {floats, std::gcd(run, floats), {}, load};
}

FailureOr<WeightPieces> elementwisePieces(Operation *op, KernelBody &body) {
  Value left = op->getOperand(0), right = op->getOperand(1);
  FailureOr<WeightPieces> lhs = weightPieces(left, body),
                          rhs = weightPieces(right, body);
  if (failed(lhs) || failed(rhs))
    return failure();
  const bool isSum = isa<AddOp>(op),
             repeats = left.getType() != right.getType();
  if (repeats && rhs->size() > 1)
    return op->emitOpError(
        "cannot repeat an rhs that is joined of several weights");

  WeightPieces all;
  int64_t a = 0, atA = 0, b = 0, atB = 0;
  while (a < (int64_t)lhs->size()) {
    const WeightPiece &x = (*lhs)[a], &y = (*rhs)[b];
    int64_t floats = x.floats - atA;
    if (!repeats)
      floats = std::min(floats, y.floats - atB);
    all.push_back(combine(isSum, x, atA, y, atB, floats));
    atA += floats, atB += floats;
    if (atA == x.floats)
      ++a, atA = 0;
    if (repeats)
      atB %= y.floats;
    else if (atB == y.floats)
      ++b, atB = 0;
  }
  return all;
}

} // namespace

FailureOr<WeightPieces> weightPieces(Value value, KernelBody &body) {
  if (auto arg = dyn_cast<BlockArgument>(value))
    return argumentPieces(arg, body);
  Operation *op = value.getDefiningOp();
  return llvm::TypeSwitch<Operation *, FailureOr<WeightPieces>>(op)
      .Case([&](ConcatOp concat) { return concatPieces(concat, body); })
      .Case<AddOp, MulOp>([&](auto) { return elementwisePieces(op, body); })
      .Case([&](CastOp cast) -> FailureOr<WeightPieces> {
        if (cast.getX().getType() == cast.getType() ||
            isRoundedWhenStored(cast))
          return weightPieces(cast.getX(), body);
        return cast.emitOpError(
            "of a weight must be the last thing that happens to it");
      })
      .Case(
          [&](ReshapeOp reshape) { return weightPieces(reshape.getX(), body); })
      .Case([&](PackOp pack) -> FailureOr<WeightPieces> {
        if (!pack.getLayout())
          return weightPieces(pack.getW(), body);
        return pack.emitOpError("must be the last op of its region");
      })
      .Default([](Operation *other) {
        return other->emitOpError("has no place in a CPU pack kernel");
      });
}

} // namespace dit::codegen::cpu
