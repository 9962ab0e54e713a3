// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// 2^x as 2^n times a polynomial in the rest.
#include "codegen/cpu/Exponential.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace dit::codegen::cpu {

namespace {

/// (2^r - 1) / r for |r| <= 1/2, least largest relative error of 2^r: 2e-9.
constexpr double kCoefficients[] = {
    0.6931471824645996,  0.24022647738456726,   0.055503323674201965,
    0.00961843691766262, 0.0013398873852565885, 0.00015353361959569156};

/// Adding it to x rounds x to an integer, which is then in the low bits.
constexpr double kRounds = 12582912; // 1.5 * 2^23
constexpr int kExponentBit = 23;

} // namespace

Num exp2NotAboveZero(Num x) {
  Emitter &e = *x.e;
  OpBuilder &b = e.builder;
  auto integers = VectorType::get({e.lanes}, b.getI32Type());
  auto bits = [&](Num a) -> Value {
    return arith::BitcastOp::create(b, e.loc, integers, a.v);
  };
  x = max(e.splat(-126), x); // in this order NaN stays
  Num shifted = x + kRounds;
  Num r = x - (shifted - kRounds);
  Num p = e.splat(kCoefficients[5]);
  for (int i = 4; i >= 0; --i)
    p = fma(p, r, e.splat(kCoefficients[i]));
  p = fma(p, r, e.splat(1));
  Value by = arith::ConstantOp::create(
      b, e.loc, DenseElementsAttr::get(integers, (int32_t)kExponentBit));
  Value n = arith::ShLIOp::create(b, e.loc, bits(shifted), by);
  Value scaled = arith::AddIOp::create(b, e.loc, bits(p), n);
  return {&e, arith::BitcastOp::create(b, e.loc, x.v.getType(), scaled)};
}

} // namespace dit::codegen::cpu
