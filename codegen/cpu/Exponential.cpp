// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Powers as 2^n times a polynomial in what is left of the exponent.
#include "codegen/cpu/Exponential.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include <numbers>

using namespace mlir;

namespace dit::codegen::cpu {

namespace {

using Coefficients = double[6];

/// (2^r - 1) / r for |r| <= 1/2, and (e^r - 1) / r for |r| <= ln(2) / 2: the
/// least largest relative error of the power, 2e-9.
constexpr Coefficients kBase2 = {0.6931471824645996,    0.24022647738456726,
                                 0.055503323674201965,  0.00961843691766262,
                                 0.0013398873852565885, 0.00015353361959569156};
constexpr Coefficients kBaseE = {1.0,
                                 0.4999999403953552,
                                 0.16666431725025177,
                                 0.04166800156235695,
                                 0.00837415549904108,
                                 0.0013843653723597527};

/// Adding it to x rounds x to an integer n, which is then in the low bits.
constexpr double kRounds = 12582912; // 1.5 * 2^23
constexpr int32_t kExponentBit = 23;

/// 2^n * (1 + r * polynomial(r)), with `shifted` = n + kRounds.
Num scaledPolynomial(Num r, const Coefficients &coefficients, Num shifted) {
  Emitter &e = *r.e;
  OpBuilder &b = e.builder;
  Num p = e.splat(coefficients[5]);
  for (int i = 4; i >= 0; --i)
    p = fma(p, r, e.splat(coefficients[i]));
  p = fma(p, r, e.splat(1));
  auto integers = VectorType::get({e.lanes}, b.getI32Type());
  auto bits = [&](Num a) -> Value {
    return arith::BitcastOp::create(b, e.loc, integers, a.v);
  };
  Value by = arith::ConstantOp::create(
      b, e.loc, DenseElementsAttr::get(integers, kExponentBit));
  Value n = arith::ShLIOp::create(b, e.loc, bits(shifted), by);
  Value scaled = arith::AddIOp::create(b, e.loc, bits(p), n);
  return {&e, arith::BitcastOp::create(b, e.loc, e.vectorType(), scaled)};
}

} // namespace

Num exp2NotAboveZero(Num x) {
  x = max(x.e->splat(-126), x); // in this order NaN stays
  Num shifted = x + kRounds;
  return scaledPolynomial(x - (shifted - kRounds), kBase2, shifted);
}

Num expNotAbove88(Num x) {
  Emitter &e = *x.e;
  x = max(e.splat(-87), x);
  Num shifted = fma(x, e.splat(std::numbers::log2e), e.splat(kRounds));
  Num n = shifted - kRounds;
  // ln 2 in two parts: what the first leaves of x is exact.
  constexpr float kLn2 = std::numbers::ln2_v<float>;
  Num r = fma(n, e.splat(-kLn2), x);
  r = fma(n, e.splat(kLn2 - std::numbers::ln2), r);
  return scaledPolynomial(r, kBaseE, shifted);
}

} // namespace dit::codegen::cpu
