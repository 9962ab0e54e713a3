// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Elementwise ops as vector code: one case an op, the formula as DiTOps.td has
// it.
#include "codegen/cpu/Elementwise.h"
#include "codegen/cpu/Exponential.h"

#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"
#include <numbers>
#include <numeric>

using namespace mlir;

namespace dit::codegen::cpu {

namespace {

/// bfloat16 is what is multiplied, and nothing else reads it.
bool isMultiplied(FusedOp op, unsigned operand) {
  return llvm::all_of(op.getBody().getArgument(operand).getUses(),
                      [](OpOperand &use) {
                        auto linear = dyn_cast<LinearOp>(use.getOwner());
                        return isa<AttentionOp>(use.getOwner()) ||
                               (linear && use.get() != linear.getBias());
                      });
}

LogicalResult checkPlace(FusedOp op, const Place &place, StringRef what,
                         unsigned index) {
  Type element = place.type.getElementType();
  bool isLabels = place.type.getRank() == 1 && element.isInteger(32);
  bool mayBeBf16 = what == "result" || isMultiplied(op, index);
  if (!element.isF32() && !isLabels && !(element.isBF16() && mayBeBf16))
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
  return op->hasTrait<WorksOnRows>() && !isNorm(op) && !isSinusoid(op);
}

LogicalResult checkOperands(const KernelBody &body) {
  for (auto [i, place] : llvm::enumerate(body.kernel.operands))
    if (failed(checkPlace(body.op(), place, "operand", i)))
      return failure();
  for (auto [i, place] : llvm::enumerate(body.kernel.results))
    if (failed(checkPlace(body.op(), place, "result", i)))
      return failure();
  // Only a result is rounded, as the last thing that happens to it.
  bool isPack = body.op().getKind() == KernelKind::Pack;
  for (Operation &op : body.op().getBody().front())
    for (Value value : op.getResults()) {
      Type element = cast<RankedTensorType>(value.getType()).getElementType();
      bool isRounded = element.isBF16() && isa<CastOp>(op) &&
                       llvm::all_of(value.getUsers(), llvm::IsaPred<YieldOp>);
      if (!element.isF32() && !isRounded && !(isPack && element.isBF16()))
        return op.emitOpError()
               << "cannot be compiled for the CPU: its result must be "
                  "f32, but is "
               << element;
    }
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
  for (auto op : body.op().getBody().front().getOps<EmbeddingOp>())
    begins.tableRows[op] = tableRow(op, row);
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
    p = past(place, p, row.sample * place.strides[0]);
  // The token's dimension is the one before the last, unless that is the batch.
  if (rank < 2 || (rank == 2 && place.isBatched()))
    return p;
  return past(place, p, row.token * place.strides[rank - 2]);
}

Ptr Elementwise::tableRow(EmbeddingOp op, const Row &row) {
  unsigned index = operandOf(op.getIndex());
  unsigned table = operandOf(op.getTable());
  int64_t last = op.getTable().getType().getDimSize(0) - 1;
  Ptr at = body.sample(index, row.sample);
  Index number;
  if (op.getIndex().getType().getElementType().isF32()) {
    // max gives its second operand for a NaN.
    Num within = max(body.e.loadScalar(at), body.e.number(0));
    number = min(nearest(min(within, body.e.number(last))),
                 body.e.index(last)); // last itself may have been rounded up
  } else {
    // A label that is not one reads the null class: as an unsigned number
    // every negative one is past the end.
    number = min(body.e.loadInt(at), body.e.index(last));
  }
  return body.operands[table] + number * body.kernel.operands[table].strides[0];
}

Ptr Elementwise::address(unsigned index, bool isResult, const Row &row,
                         Index column) {
  const Begins *begins = entered(row);
  Ptr p = begins ? (isResult ? begins->results : begins->operands)[index]
                 : begin(index, isResult, row);
  const Kernel &kernel = body.kernel;
  return past(isResult ? kernel.results[index] : kernel.operands[index], p,
              column);
}

Num Elementwise::at(Value value, const Row &row, const Columns &columns) {
  if (auto it = known.find(value); it != known.end())
    return it->second;
  Num x =
      isa<BlockArgument>(value)
          ? body.e.load(address(operandOf(value), false, row, columns.column),
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
      .Case([&](RotateOp rotate) { return rotated(rotate, row, columns); })
      .Case([&](EmbeddingOp op) {
        const Begins *begins = entered(row);
        Ptr p = begins ? begins->tableRows.lookup(op) : tableRow(op, row);
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

/// A pair lies in adjacent lanes: x beside its neighbour turns both at once.
Num Elementwise::rotated(RotateOp op, const Row &row, const Columns &columns) {
  Emitter &e = body.e;
  Num x = at(op.getX(), row, columns);
  Num turn = turns(op, row, columns);
  Num cosine = shuffle(turn, [](int64_t lane) { return lane & ~1; });
  Num sine = shuffle(turn, [](int64_t lane) { return lane | 1; });
  Num neighbour = shuffle(x, [](int64_t lane) { return lane ^ 1; });
  Num signs = e.alternating(-1, 1);
  Num result = fma(x, cosine, neighbour * (sine * signs));
  int64_t features = op.getFeatures();
  if (features == op.getType().getDimSize(2))
    return result;
  return select(e.lanesWithin(columns.column, 0, features), result, x);
}

/// cos, sin, cos, sin ... of `columns`: the table's row over and over. Where no
/// head ends inside a vector that is one load, else one of each head's part.
Num Elementwise::turns(RotateOp op, const Row &row, const Columns &columns) {
  Emitter &e = body.e;
  unsigned table = operandOf(op.getTable());
  int64_t d = op.getTable().getType().getDimSize(1);
  Index first = columns.column % d;
  int64_t latest = d - std::gcd(d, (int64_t)e.lanes); // that first can be
  int64_t parts = llvm::divideCeil(latest + e.lanes, d);
  if (parts == 1)
    return e.load(address(table, false, row, first));
  Num all = e.splat(0);
  for (int64_t part = 0; part < parts; ++part)
    all = e.load(address(table, false, row, first) + -part * d,
                 e.lanesWithin(first, part * d, (part + 1) * d), all);
  return all;
}

void Elementwise::store(Num x, unsigned index, const Row &row,
                        const Columns &columns) {
  storeAs(body.kernel.results[index], x,
          address(index, true, row, columns.column), columns.count);
}

} // namespace dit::codegen::cpu
