// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Counter-based normal noise. Only + - * / and sqrt, which IEEE 754 defines to
// the last bit; the folder is compiled with -ffp-contract=off.
#include "runtime/sampling/Noise.h"

#include <bit>
#include <cmath>

namespace dit::runtime {

std::array<uint32_t, 4> philox(std::array<uint32_t, 4> c, uint64_t key) {
  auto k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    uint64_t p0 = uint64_t{0xD2511F53} * c[0], p1 = uint64_t{0xCD9E8D57} * c[2];
    c = {static_cast<uint32_t>(p1 >> 32) ^ c[1] ^ k0, static_cast<uint32_t>(p1),
         static_cast<uint32_t>(p0 >> 32) ^ c[3] ^ k1,
         static_cast<uint32_t>(p0)};
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  return c;
}

/// -2 ln((word + 0.5) / 2^32), by the series of 2 atanh((f - 1) / (f + 1)) for
/// f in [sqrt(1/2), sqrt(2)).
static double minusTwoLog(uint32_t word) {
  auto m = static_cast<double>(2 * uint64_t{word} + 1); // exact, u = m / 2^33
  auto bits = std::bit_cast<uint64_t>(m);
  int exponent = static_cast<int>(bits >> 52) - 1023;
  double f = std::bit_cast<double>((bits & 0xFFFFFFFFFFFFFull) |
                                   0x3FF0000000000000ull);
  if (f > 1.4142135623730951) {
    f *= 0.5;
    ++exponent;
  }
  double s = (f - 1) / (f + 1), s2 = s * s;
  double series = 1.0 / 21;
  for (int odd = 19; odd >= 1; odd -= 2)
    series = series * s2 + 1.0 / odd;
  constexpr double ln2 = 0.693147180559945309417;
  return -2 * (static_cast<double>(exponent - 33) * ln2 + 2 * s * series);
}

struct SineCosine {
  double sine, cosine;
};

/// Of 2 pi word / 2^32: the quarter turn by integers, the rest in [-pi/4, pi/4]
/// by Taylor's series.
static SineCosine sineCosine(uint32_t word) {
  uint32_t quarter = (word + 0x20000000u) >> 30;
  auto rest = static_cast<int32_t>(word - (quarter << 30));
  double a = rest * (1.57079632679489661923 * 0x1p-30), a2 = a * a;
  // Coefficients 1/n! with alternating signs, highest first.
  double sine = -1.0 / 1307674368000.0;
  for (double c : {1.0 / 6227020800.0, -1.0 / 39916800.0, 1.0 / 362880.0,
                   -1.0 / 5040.0, 1.0 / 120.0, -1.0 / 6.0, 1.0})
    sine = sine * a2 + c;
  sine *= a;
  double cosine = 1.0 / 20922789888000.0;
  for (double c : {-1.0 / 87178291200.0, 1.0 / 479001600.0, -1.0 / 3628800.0,
                   1.0 / 40320.0, -1.0 / 720.0, 1.0 / 24.0, -1.0 / 2.0, 1.0})
    cosine = cosine * a2 + c;
  switch (quarter & 3) {
  case 0:
    return {sine, cosine};
  case 1:
    return {cosine, -sine};
  case 2:
    return {-sine, -cosine};
  default:
    return {-cosine, sine};
  }
}

void CounterNoise::normal(int64_t sample, int64_t step, int64_t first,
                          std::span<float> out) const {
  // The counter: four elements a block (34 bits), step + 1, sample (32 bits).
  auto at = static_cast<uint64_t>(first), end = at + out.size();
  while (at < end) {
    uint64_t block = at / 4;
    std::array<uint32_t, 4> w = philox(
        {static_cast<uint32_t>(block), static_cast<uint32_t>(step + 1),
         static_cast<uint32_t>(sample), static_cast<uint32_t>(block >> 32)},
        seed);
    float values[4];
    for (int pair = 0; pair < 2; ++pair) {
      double radius = std::sqrt(minusTwoLog(w[2 * pair]));
      SineCosine turn = sineCosine(w[2 * pair + 1]);
      values[2 * pair] = static_cast<float>(radius * turn.cosine);
      values[2 * pair + 1] = static_cast<float>(radius * turn.sine);
    }
    for (uint64_t lane = at % 4; lane < 4 && at < end; ++lane, ++at)
      out[at - static_cast<uint64_t>(first)] = values[lane];
  }
}

} // namespace dit::runtime
