// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Elementwise ops as vector code: one case an op, the formula as DiTOps.td has
// it.
#include "codegen/cpu/Elementwise.h"
#include "codegen/cpu/Exponential.h"

#include "llvm/ADT/TypeSwitch.h"
#include <numbers>

using namespace mlir;

namespace dit::codegen::cpu {

namespace {

unsigned argumentIndex(Value value) {
  return cast<BlockArgument>(value).getArgNumber();
}

LogicalResult checkPlace(FusedOp op, const Place &place, StringRef what,
                         unsigned index) {
  Type element = place.type.getElementType();
  bool isLabels = place.type.getRank() == 1 && element.isInteger(32);
  if (!element.isF32() && !isLabels)
    return op.emitOpError() << "cannot be compiled for the CPU: " << what << " "
                            << index << " must be f32, but is " << element;
  if (!place.strides.empty() && place.strides.back() != 1 &&
      place.type.getShape().back() != 1)
    return op.emitOpError()
           << "cannot be compiled for the CPU: the last dimension of " << what
           << " " << index << " must be contiguous, but has stride "
           << place.strides.back();
  return success();
}

} // namespace

bool isElementwise(Operation *op) {
  return isa<AddOp, MulOp, ModulateOp, GateOp, GeluOp, SiluOp, CastOp,
             LabelEmbeddingOp>(op);
}

LogicalResult checkOperands(const KernelBody &body) {
  for (auto [i, place] : llvm::enumerate(body.kernel.operands))
    if (failed(checkPlace(body.op(), place, "operand", i)))
      return failure();
  for (auto [i, place] : llvm::enumerate(body.kernel.results))
    if (failed(checkPlace(body.op(), place, "result", i)))
      return failure();
  for (Operation &op : body.op().getBody().front())
    for (Type type : op.getResultTypes())
      if (!cast<RankedTensorType>(type).getElementType().isF32())
        return op.emitOpError()
               << "cannot be compiled for the CPU: its result must be "
                  "f32, but is "
               << cast<RankedTensorType>(type).getElementType();
  return success();
}

// Below the clamps both functions are 0 to float32's smallest normal number;
// without them exp overflows, and -inf / inf is NaN. max keeps its second
// operand where that is NaN.
Num silu(Num x) {
  Num a = max(x.e->splat(-87), x);
  return a / (expNotAbove88(-a) + 1.0);
}

// x/2 * (1 + tanh(u)) = x / (1 + exp(-2u)), one division instead of tanh's.
Num geluTanh(Num x) {
  const double c = -2 * std::sqrt(2 / std::numbers::pi);
  Num a = max(x.e->splat(-9.9), x);
  Num minus2u = a * fma(a * a, x.e->splat(c * 0.044715), x.e->splat(c));
  return a / (expNotAbove88(minus2u) + 1.0);
}

Num geluErf(Num x) {
  Num a = max(x.e->splat(-9.9), x);
  Num half = a * 0.5;
  return fma(half, erf(a * (std::numbers::sqrt2 / 2)), half);
}

void Elementwise::enter(const Row &row) {
  auto key = std::pair(row.sample.v, row.token.v);
  rows.erase(key);
  Begins begins;
  for (unsigned i = 0; i < body.operands.size(); ++i)
    begins.operands.push_back(begin(i, false, row));
  for (unsigned i = 0; i < body.results.size(); ++i)
    begins.results.push_back(begin(i, true, row));
  for (auto op : body.op().getBody().front().getOps<LabelEmbeddingOp>())
    begins.labels[op] = labelRow(op, row);
  rows[key] = std::move(begins);
}

const Elementwise::Begins *Elementwise::entered(const Row &row) const {
  auto it = rows.find({row.sample.v, row.token.v});
  return it == rows.end() ? nullptr : &it->second;
}

Ptr Elementwise::begin(unsigned index, bool isResult, const Row &row) {
  const Kernel &kernel = body.kernel;
  const Place &place =
      isResult ? kernel.results[index] : kernel.operands[index];
  Ptr p = isResult ? body.results[index] : body.sample(index, row.sample);
  const int64_t rank = place.type.getRank();
  // sample() has moved batched operands on already.
  if (place.isBatched() ? isResult : rank == 3)
    p = p + row.sample * place.strides[0];
  // The token's dimension is the one before the last, unless that is the batch.
  if (rank < 2 || (rank == 2 && place.isBatched()))
    return p;
  return p + row.token * place.strides[rank - 2];
}

Ptr Elementwise::labelRow(LabelEmbeddingOp op, const Row &row) {
  unsigned y = argumentIndex(op.getY()), table = argumentIndex(op.getTable());
  // A label that is not one reads the null class: as an unsigned number every
  // negative one is past the end.
  int64_t last = op.getTable().getType().getDimSize(0) - 1;
  Index label =
      min(body.e.loadInt(body.sample(y, row.sample)), body.e.index(last));
  return body.operands[table] + label * body.kernel.operands[table].strides[0];
}

Ptr Elementwise::address(unsigned index, bool isResult, const Row &row,
                         Index column) {
  if (const Begins *begins = entered(row))
    return (isResult ? begins->results : begins->operands)[index] + column;
  return begin(index, isResult, row) + column;
}

Num Elementwise::at(Value value, const Row &row, const Columns &columns) {
  if (auto it = known.find(value); it != known.end())
    return it->second;
  Num x = isa<BlockArgument>(value)
              ? body.e.load(
                    address(argumentIndex(value), false, row, columns.column),
                    columns.count)
              : evaluate(value.getDefiningOp(), row, columns);
  known[value] = x;
  return x;
}

Num Elementwise::evaluate(Operation *op, const Row &row,
                          const Columns &columns) {
  auto get = [&](Value value) { return at(value, row, columns); };
  return llvm::TypeSwitch<Operation *, Num>(op)
      .Case([&](AddOp add) { return sum(add, row, columns); })
      .Case([&](MulOp mul) { return get(mul.getLhs()) * get(mul.getRhs()); })
      .Case([&](GateOp gate) { return get(gate.getX()) * get(gate.getGate()); })
      .Case([&](ModulateOp modulate) {
        Num x = get(modulate.getX());
        return fma(x, get(modulate.getScale()) + 1.0, get(modulate.getShift()));
      })
      .Case([&](GeluOp gelu) {
        Num x = get(gelu.getX());
        return gelu.getForm() == GeluForm::Tanh ? geluTanh(x) : geluErf(x);
      })
      .Case([&](SiluOp op) { return silu(get(op.getX())); })
      .Case([&](CastOp cast) { return get(cast.getX()); })
      .Case([&](LabelEmbeddingOp label) {
        const Begins *begins = entered(row);
        Ptr p = begins ? begins->labels.lookup(label) : labelRow(label, row);
        return body.e.load(p + columns.column, columns.count);
      })
      .Default([](Operation *) -> Num {
        llvm_unreachable(
            "not elementwise; the skeleton checks with isElementwise");
      });
}

/// A product that only this sum reads is added to it without being rounded.
Num Elementwise::sum(AddOp op, const Row &row, const Columns &columns) {
  auto get = [&](Value value) { return at(value, row, columns); };
  for (auto [product, other] : {std::pair(op.getRhs(), op.getLhs()),
                                std::pair(op.getLhs(), op.getRhs())}) {
    Operation *by = product.getDefiningOp();
    if (by && isa<GateOp, MulOp>(by) && product.hasOneUse() &&
        !known.contains(product)) {
      Num a = get(by->getOperand(0)), b = get(by->getOperand(1));
      return fma(a, b, get(other));
    }
  }
  return get(op.getLhs()) + get(op.getRhs());
}

void Elementwise::store(Num x, unsigned index, const Row &row,
                        const Columns &columns) {
  body.e.store(x, address(index, true, row, columns.column), columns.count);
}

} // namespace dit::codegen::cpu
