// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The operators of Emit.h as arith, math, vector, scf and LLVM ops.
#include "codegen/host/Emit.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace dit::codegen {

namespace {

std::optional<int64_t> constantOf(Index a) {
  if (auto op = a.v.getDefiningOp<arith::ConstantIntOp>())
    return op.value();
  return std::nullopt;
}

template <typename Op, typename Result, typename A, typename B>
Result binary(A a, B b) {
  Emitter &e = *a.e;
  return {&e, Op::create(e.builder, e.loc, a.v, b.v)};
}

/// Folds where both sides are constant.
template <typename Op>
Index integer(Index a, Index b, int64_t (*fold)(int64_t, int64_t)) {
  auto x = constantOf(a), y = constantOf(b);
  if (x && y)
    return a.e->index(fold(*x, *y));
  return binary<Op, Index>(a, b);
}

/// Gives both operands one type: a scalar beside a vector is broadcast.
std::pair<Num, Num> matched(Num a, Num b) {
  if (a.isVector() == b.isVector())
    return {a, b};
  return a.isVector() ? std::pair{a, broadcast(b)} : std::pair{broadcast(a), b};
}

template <typename Op> Num arithmetic(Num a, Num b) {
  auto [x, y] = matched(a, b);
  return binary<Op, Num>(x, y);
}

template <typename Op> Num unary(Num a) {
  return {a.e, Op::create(a.e->builder, a.e->loc, a.v)};
}

Num like(Num a, double value) {
  return a.isVector() ? a.e->splat(value) : a.e->number(value);
}

LLVM::LLVMPointerType pointerType(Emitter &e) {
  return LLVM::LLVMPointerType::get(e.builder.getContext());
}

Ptr advance(Ptr p, Type element, Value by) {
  Emitter &e = *p.e;
  return {&e, LLVM::GEPOp::create(e.builder, e.loc, pointerType(e), element,
                                  p.v, ValueRange{by})};
}

/// Joins the lanes by halves: the order of the sum is fixed, whatever the
/// target would do with a vector.reduction.
Num reduce(Num a, Num (*join)(Num, Num)) {
  Emitter &e = *a.e;
  Num x = a;
  for (int64_t lanes = e.lanes / 2; lanes >= 1; lanes /= 2) {
    SmallVector<int64_t> front, back;
    for (int64_t i = 0; i < lanes; ++i)
      front.push_back(i), back.push_back(lanes + i);
    Num lo{&e, vector::ShuffleOp::create(e.builder, e.loc, x.v, x.v, front)};
    Num hi{&e, vector::ShuffleOp::create(e.builder, e.loc, x.v, x.v, back)};
    x = join(lo, hi);
  }
  return {&e, vector::ExtractOp::create(e.builder, e.loc, x.v,
                                        ArrayRef<int64_t>{0})};
}

} // namespace

bool Num::isVector() const { return isa<VectorType>(v.getType()); }

Index operator+(Index a, Index b) {
  if (constantOf(a) == 0)
    return b;
  if (constantOf(b) == 0)
    return a;
  return integer<arith::AddIOp>(a, b,
                                [](int64_t x, int64_t y) { return x + y; });
}
Index operator-(Index a, Index b) {
  if (constantOf(b) == 0)
    return a;
  return integer<arith::SubIOp>(a, b,
                                [](int64_t x, int64_t y) { return x - y; });
}
Index operator*(Index a, Index b) {
  if (constantOf(a) == 1)
    return b;
  if (constantOf(b) == 1)
    return a;
  return integer<arith::MulIOp>(a, b,
                                [](int64_t x, int64_t y) { return x * y; });
}
Index operator/(Index a, Index b) {
  if (constantOf(b) == 1)
    return a;
  return integer<arith::DivUIOp>(a, b,
                                 [](int64_t x, int64_t y) { return x / y; });
}
Index operator%(Index a, Index b) {
  if (constantOf(b) == 1)
    return a.e->index(0);
  return integer<arith::RemUIOp>(a, b,
                                 [](int64_t x, int64_t y) { return x % y; });
}
Index operator+(Index a, int64_t b) { return a + a.e->index(b); }
Index operator-(Index a, int64_t b) { return a - a.e->index(b); }
Index operator*(Index a, int64_t b) { return a * a.e->index(b); }
Index operator/(Index a, int64_t b) { return a / a.e->index(b); }
Index operator%(Index a, int64_t b) { return a % a.e->index(b); }
Index min(Index a, Index b) {
  return integer<arith::MinUIOp>(
      a, b, [](int64_t x, int64_t y) { return std::min(x, y); });
}
Index max(Index a, Index b) {
  return integer<arith::MaxUIOp>(
      a, b, [](int64_t x, int64_t y) { return std::max(x, y); });
}

static Bool compare(Index a, Index b, arith::CmpIPredicate predicate) {
  Emitter &e = *a.e;
  return {&e, arith::CmpIOp::create(e.builder, e.loc, predicate, a.v, b.v)};
}
Bool operator<(Index a, Index b) {
  return compare(a, b, arith::CmpIPredicate::ult);
}
Bool operator==(Index a, Index b) {
  return compare(a, b, arith::CmpIPredicate::eq);
}

Index select(Bool c, Index a, Index b) {
  return {c.e, arith::SelectOp::create(c.e->builder, c.e->loc, c.v, a.v, b.v)};
}

Ptr operator+(Ptr p, Index elements) {
  if (constantOf(elements) == 0)
    return p;
  return advance(p, p.e->builder.getF32Type(), elements.v);
}
Ptr operator+(Ptr p, int64_t elements) { return p + p.e->index(elements); }

Num operator+(Num a, Num b) { return arithmetic<arith::AddFOp>(a, b); }
Num operator-(Num a, Num b) { return arithmetic<arith::SubFOp>(a, b); }
Num operator*(Num a, Num b) { return arithmetic<arith::MulFOp>(a, b); }
Num operator/(Num a, Num b) { return arithmetic<arith::DivFOp>(a, b); }
Num operator-(Num a) { return unary<arith::NegFOp>(a); }
Num operator+(Num a, double b) { return a + like(a, b); }
Num operator-(Num a, double b) { return a - like(a, b); }
Num operator*(Num a, double b) { return a * like(a, b); }
Num fma(Num a, Num b, Num c) {
  if (a.isVector() || b.isVector() || c.isVector())
    a = broadcast(a), b = broadcast(b), c = broadcast(c);
  Emitter &e = *a.e;
  return {&e, math::FmaOp::create(e.builder, e.loc, a.v, b.v, c.v)};
}
Num sqrt(Num a) { return unary<math::SqrtOp>(a); }
Num exp(Num a) { return unary<math::ExpOp>(a); }
Num erf(Num a) { return unary<math::ErfOp>(a); }

/// Compare and select is what the machine's max and min are; arith.maximumf
/// would add a test for NaN.
static Num choose(Num a, Num b, arith::CmpFPredicate predicate) {
  auto [x, y] = matched(a, b);
  Emitter &e = *x.e;
  Value first = arith::CmpFOp::create(e.builder, e.loc, predicate, x.v, y.v);
  return {&e, arith::SelectOp::create(e.builder, e.loc, first, x.v, y.v)};
}
Num max(Num a, Num b) { return choose(a, b, arith::CmpFPredicate::OGT); }
Num min(Num a, Num b) { return choose(a, b, arith::CmpFPredicate::OLT); }
Num select(Bool c, Num a, Num b) {
  auto [x, y] = matched(a, b);
  Emitter &e = *c.e;
  return {&e, arith::SelectOp::create(e.builder, e.loc, c.v, x.v, y.v)};
}
Num broadcast(Num a) {
  if (a.isVector())
    return a;
  Emitter &e = *a.e;
  return {&e,
          vector::BroadcastOp::create(e.builder, e.loc, e.vectorType(), a.v)};
}
Num reduceAdd(Num a) { return reduce(a, operator+); }
Num reduceMax(Num a) { return reduce(a, max); }

Num shuffle(Num a, function_ref<int64_t(int64_t)> from) {
  Emitter &e = *a.e;
  SmallVector<int64_t> lanes;
  for (int64_t i = 0; i < e.lanes; ++i)
    lanes.push_back(from(i));
  return {&e, vector::ShuffleOp::create(e.builder, e.loc, a.v, a.v, lanes)};
}

Index nearest(Num a) {
  Emitter &e = *a.e;
  Value whole = math::RoundEvenOp::create(e.builder, e.loc, a.v);
  return {&e, arith::FPToSIOp::create(e.builder, e.loc, e.builder.getI64Type(),
                                      whole)};
}

VectorType Emitter::vectorType() {
  return VectorType::get({lanes}, builder.getF32Type());
}
Index Emitter::index(int64_t value) {
  return {this, arith::ConstantIntOp::create(builder, loc, value, 64)};
}
Num Emitter::number(double value) {
  return {this, arith::ConstantOp::create(builder, loc,
                                          builder.getF32FloatAttr(value))};
}
Num Emitter::splat(double value) {
  auto attr = DenseElementsAttr::get(vectorType(), (float)value);
  return {this, arith::ConstantOp::create(builder, loc, attr)};
}
Num Emitter::alternating(double even, double odd) {
  SmallVector<float> values;
  for (int64_t i = 0; i < lanes; ++i)
    values.push_back(i % 2 ? odd : even);
  auto attr = DenseElementsAttr::get(vectorType(), ArrayRef(values));
  return {this, arith::ConstantOp::create(builder, loc, attr)};
}
Bool Emitter::firstLanes(int64_t count) {
  SmallVector<bool> lanesOn(lanes);
  std::fill_n(lanesOn.begin(), count, true);
  auto type = VectorType::get({lanes}, builder.getI1Type());
  return {this, arith::ConstantOp::create(
                    builder, loc, DenseElementsAttr::get(type, lanesOn))};
}

/// One comparison: as an unsigned number what is below `from` is past the end.
Bool Emitter::lanesWithin(Index first, int64_t from, int64_t end) {
  auto type = VectorType::get({lanes}, builder.getI32Type());
  auto constant = [&](function_ref<int32_t(int64_t)> value) -> Value {
    SmallVector<int32_t> values;
    for (int64_t i = 0; i < lanes; ++i)
      values.push_back(value(i));
    return arith::ConstantOp::create(
        builder, loc, DenseElementsAttr::get(type, ArrayRef(values)));
  };
  Value start =
      arith::TruncIOp::create(builder, loc, builder.getI32Type(), first.v);
  start = vector::BroadcastOp::create(builder, loc, type, start);
  Value place = arith::AddIOp::create(
      builder, loc, start, constant([&](int64_t i) { return i - from; }));
  return {this,
          arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, place,
                                constant([&](int64_t) { return end - from; }))};
}

Num Emitter::load(Ptr p) {
  return {this, LLVM::LoadOp::create(builder, loc, vectorType(), p.v, 4)};
}
Num Emitter::load(Ptr p, int64_t count) {
  if (count == lanes)
    return load(p);
  return {this, LLVM::MaskedLoadOp::create(builder, loc, vectorType(), p.v,
                                           firstLanes(count).v, splat(0).v, 4)};
}
Num Emitter::load(Ptr p, Bool lanesRead, Num otherwise) {
  return {this, LLVM::MaskedLoadOp::create(builder, loc, vectorType(), p.v,
                                           lanesRead.v, otherwise.v, 4)};
}
Num Emitter::loadScalar(Ptr p) {
  return {this,
          LLVM::LoadOp::create(builder, loc, builder.getF32Type(), p.v, 4)};
}
Index Emitter::loadInt(Ptr p) {
  Value narrow =
      LLVM::LoadOp::create(builder, loc, builder.getI32Type(), p.v, 4);
  return {this,
          arith::ExtSIOp::create(builder, loc, builder.getI64Type(), narrow)};
}
void Emitter::store(Num x, Ptr p) {
  LLVM::StoreOp::create(builder, loc, x.v, p.v, 4);
}
void Emitter::store(Num x, Ptr p, int64_t count) {
  if (count == lanes)
    return store(x, p);
  LLVM::MaskedStoreOp::create(builder, loc, x.v, p.v, firstLanes(count).v, 4);
}
Ptr Emitter::loadPtr(Ptr p, int64_t slot) {
  Ptr at = advance(p, pointerType(*this), index(slot).v);
  return {this,
          LLVM::LoadOp::create(builder, loc, pointerType(*this), at.v, 8)};
}
void Emitter::storePtr(Ptr value, Ptr p, int64_t slot) {
  Ptr at = advance(p, pointerType(*this), index(slot).v);
  LLVM::StoreOp::create(builder, loc, value.v, at.v, 8);
}
void Emitter::prefetch(Ptr p, int level) {
  // read, data cache; locality 3 is every level, 2 leaves L1 alone.
  LLVM::Prefetch::create(builder, loc, p.v, 0, level == 1 ? 3 : 2, 1);
}

void Emitter::loop(Index begin, Index end, int64_t step, LoopBody body) {
  loop(begin, end, step, {}, [&](Index i, ArrayRef<Num>) {
    body(i);
    return SmallVector<Num>();
  });
}
void Emitter::loop(int64_t begin, int64_t end, int64_t step, LoopBody body) {
  loop(index(begin), index(end), step, body);
}
SmallVector<Num> Emitter::loop(int64_t begin, int64_t end, int64_t step,
                               ArrayRef<Num> init, ReduceBody body) {
  return loop(index(begin), index(end), step, init, body);
}
SmallVector<Num> Emitter::loop(Index begin, Index end, int64_t step,
                               ArrayRef<Num> init, ReduceBody body) {
  SmallVector<Value> start;
  for (Num x : init)
    start.push_back(x.v);
  auto op =
      scf::ForOp::create(builder, loc, begin.v, end.v, index(step).v, start);
  {
    OpBuilder::InsertionGuard guard(builder);
    Block *block = op.getBody();
    // A loop without results comes with its terminator.
    if (!block->empty())
      block->getTerminator()->erase();
    builder.setInsertionPointToEnd(block);
    SmallVector<Num> carried;
    for (Value arg : op.getRegionIterArgs())
      carried.push_back({this, arg});
    SmallVector<Value> next;
    for (Num x : body({this, op.getInductionVar()}, carried))
      next.push_back(x.v);
    scf::YieldOp::create(builder, loc, next);
  }
  SmallVector<Num> results;
  for (Value result : op.getResults())
    results.push_back({this, result});
  return results;
}
void Emitter::ifThen(Bool condition, function_ref<void()> then) {
  auto op =
      scf::IfOp::create(builder, loc, condition.v, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(op.thenBlock());
  then();
}

} // namespace dit::codegen
