// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The noise: known answers, frozen bits, agreement with libm, statistics.
#include "Fixture.h"

#include "runtime/sampling/Noise.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>

namespace dit::runtime::test {
namespace {

std::vector<float> draw(uint64_t seed, int64_t sample, int64_t step,
                        size_t count, int64_t first = 0) {
  std::vector<float> out(count);
  CounterNoise(seed).normal(sample, step, first, out);
  return out;
}

// The answers that come with Random123 (kat_vectors, philox4x32 10).
TEST(Noise, PhiloxHasItsKnownAnswers) {
  using Words = std::array<uint32_t, 4>;
  EXPECT_EQ(philox({0, 0, 0, 0}, 0),
            (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox({~0u, ~0u, ~0u, ~0u}, ~0ull),
            (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
                   0x299f31d0a4093822ull),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Noise, BitsAreFrozen) {
  std::vector<uint32_t> bits;
  for (float v : draw(0, 0, Noise::initial, 4))
    bits.push_back(std::bit_cast<uint32_t>(v));
  for (float v : draw(123456789012345, 41, 7, 4, 1001))
    bits.push_back(std::bit_cast<uint32_t>(v));
  EXPECT_EQ(bits, (std::vector<uint32_t>{1065204531, 3211572912, 3206421407,
                                         3203846578, 1062717877, 1039804008,
                                         1067411247, 3166789489}));
  // A hundred thousand values in one number (FNV-1a).
  uint64_t hash = 0xcbf29ce484222325;
  for (float v : draw(42, 3, 5, 100000))
    hash = (hash ^ std::bit_cast<uint32_t>(v)) * 0x100000001b3;
  EXPECT_EQ(hash, 15656563271457494287u);
}

TEST(Noise, AgreesWithLibmsBoxMuller) {
  for (uint32_t block = 0; block < 20000; ++block) {
    auto w = philox({block, 6, 2, 0}, 99);
    std::vector<float> got = draw(99, 2, 5, 4, block * int64_t{4});
    for (int pair = 0; pair < 2; ++pair) {
      double u = (w[2 * pair] + 0.5) / 4294967296.0;
      double turn = 2 * std::numbers::pi * w[2 * pair + 1] / 4294967296.0;
      double radius = std::sqrt(-2 * std::log(u));
      // One rounding to float, and double's own errors near zero.
      auto near = [&](float value, double expected) {
        EXPECT_NEAR(value, expected, std::fabs(expected) * 0x1p-24 + 4e-15);
      };
      near(got[2 * pair], radius * std::cos(turn));
      near(got[2 * pair + 1], radius * std::sin(turn));
    }
  }
}

TEST(Noise, AnyPieceIsTheSame) {
  std::vector<float> whole = draw(1, 2, 3, 100);
  for (size_t first = 0; first < 100; first += 7)
    for (size_t count = 0; first + count <= 100; count += 13) {
      std::vector<float> piece =
          draw(1, 2, 3, count, static_cast<int64_t>(first));
      EXPECT_TRUE(
          std::equal(piece.begin(), piece.end(), whole.begin() + first));
    }
}

TEST(Noise, EveryKeyMatters) {
  std::vector<float> base = draw(1, 2, 3, 8);
  EXPECT_NE(base, draw(2, 2, 3, 8));
  EXPECT_NE(base, draw(1 + (1ull << 32), 2, 3, 8));
  EXPECT_NE(base, draw(1, 3, 3, 8));
  EXPECT_NE(base, draw(1, 2, 4, 8));
  EXPECT_NE(base, draw(1, 2, Noise::initial, 8));
  EXPECT_NE(base, draw(1, 2, 3, 8, int64_t{1} << 34));
}

TEST(Noise, IsNormal) {
  constexpr int count = 1 << 20;
  std::vector<float> v = draw(7, 0, 0, count);
  double sum[5] = {}, lag = 0;
  int64_t beyond[4] = {};
  for (int i = 0; i < count; ++i) {
    double x = v[i], p = 1;
    for (double &s : sum) {
      s += p / count;
      p *= x;
    }
    lag += i > 0 ? x * v[i - 1] / count : 0;
    for (int k = 1; k < 4; ++k)
      beyond[k] += std::fabs(x) > k;
  }
  // Five standard errors each: 1/sqrt(n), sqrt(2/n), sqrt(15/n), sqrt(96/n).
  double unit = 5 / std::sqrt(count);
  EXPECT_NEAR(sum[1], 0, unit);
  EXPECT_NEAR(sum[2], 1, unit * std::sqrt(2));
  EXPECT_NEAR(sum[3], 0, unit * std::sqrt(15));
  EXPECT_NEAR(sum[4], 3, unit * std::sqrt(96));
  EXPECT_NEAR(lag, 0, unit);
  for (int k = 1; k < 4; ++k) {
    double p = std::erfc(k / std::numbers::sqrt2);
    EXPECT_NEAR(static_cast<double>(beyond[k]) / count, p, unit * std::sqrt(p));
  }
}

TEST(Noise, NeighbouringSamplesAndStepsAreUncorrelated) {
  constexpr int count = 1 << 16;
  std::vector<float> a = draw(7, 0, 0, count);
  for (const auto &b :
       {draw(7, 1, 0, count), draw(7, 0, 1, count), draw(8, 0, 0, count)}) {
    double product = 0;
    for (int i = 0; i < count; ++i)
      product += double{a[i]} * b[i] / count;
    EXPECT_NEAR(product, 0, 5 / std::sqrt(count));
  }
}

} // namespace
} // namespace dit::runtime::test
