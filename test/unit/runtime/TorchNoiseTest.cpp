// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// torch's CPU noise: the bits that torch 2.15 gave (AVX-512 and AVX2 give the
// same), and the order in which the published script draws them.
#include "Fixture.h"

#include "runtime/sampling/TorchCpuNoise.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <bit>

namespace dit::runtime::test {
namespace {

const nlohmann::json &golden() {
  static const auto json = nlohmann::json::parse(
      readFile(DIT_REPO "/test/golden/torch_cpu_noise.json"));
  return json;
}

using Words = std::vector<uint32_t>;

Words bitsOf(const std::vector<float> &values) {
  Words words;
  for (float v : values)
    words.push_back(std::bit_cast<uint32_t>(v));
  return words;
}

std::vector<float> randn(TorchCpuGenerator &generator, int64_t count) {
  std::vector<float> values(count);
  generator.randn(count, values);
  return values;
}

TEST(TorchCpuGenerator, GivesTorchsBitsAtEverySize) {
  ASSERT_EQ(golden()["draws"].size(), 24u);
  for (const auto &draw : golden()["draws"]) {
    TorchCpuGenerator generator(draw["seed"].get<uint64_t>());
    Words words = bitsOf(randn(generator, draw["size"]));
    size_t shown = std::min<size_t>(40, words.size());
    EXPECT_EQ(Words(words.begin(), words.begin() + shown),
              draw["first"].get<Words>())
        << draw["seed"] << " " << draw["size"];
    EXPECT_EQ(Words(words.end() - shown, words.end()),
              draw["last"].get<Words>())
        << draw["seed"] << " " << draw["size"];
    uint64_t hash = 0xcbf29ce484222325;
    for (uint32_t word : words)
      hash = (hash ^ word) * 0x100000001b3;
    EXPECT_EQ(hash, draw["fnv1a"].get<uint64_t>())
        << draw["seed"] << " " << draw["size"];
  }
}

TEST(TorchCpuGenerator, CarriesHalfAPairAndTheTailAsTorchDoes) {
  for (const auto &sequence : golden()["sequences"]) {
    TorchCpuGenerator generator(sequence["seed"].get<uint64_t>());
    for (const auto &expected : sequence["draws"])
      EXPECT_EQ(bitsOf(randn(generator, static_cast<int64_t>(expected.size()))),
                expected.get<Words>());
  }
}

TEST(TorchCpuGenerator, ValuesNobodyWantsAreConsumedAllTheSame) {
  for (int64_t count : {3, 16, 23, 50}) {
    TorchCpuGenerator whole(5), part(5);
    std::vector<float> all = randn(whole, count), some(2);
    part.randn(count, some);
    EXPECT_TRUE(std::equal(some.begin(), some.end(), all.begin()));
    EXPECT_EQ(randn(whole, 20), randn(part, 20));
  }
}

TEST(TorchCpuGenerator, TakesTheLowHalfOfTheSeed) {
  TorchCpuGenerator low(9), high(9 + (uint64_t{5} << 32)), other(10);
  std::vector<float> values = randn(low, 20);
  EXPECT_EQ(values, randn(high, 20));
  EXPECT_NE(values, randn(other, 20));
}

// z = randn(n); then randn of n, or of 2n with guidance, at every step.
TEST(TorchCpuNoise, FollowsThePublishedScriptInAnyOrderOfCalls) {
  constexpr int64_t samples = 3, size = 6, steps = 5;
  for (bool guided : {false, true}) {
    TorchCpuGenerator generator(21);
    std::vector<std::vector<float>> expected{randn(generator, samples * size)};
    for (int64_t step = 0; step < steps; ++step)
      expected.push_back(randn(generator, samples * size * (guided ? 2 : 1)));
    TorchCpuNoise noise({21, samples, size, guided});
    for (int64_t step : {2, -1, 4, 0, 0, 3, 1, 4, -1})
      for (int64_t n = 0; n < samples; ++n) {
        std::vector<float> piece(4);
        noise.normal(n, step, 1, piece);
        EXPECT_TRUE(std::equal(piece.begin(), piece.end(),
                               expected[step + 1].begin() + n * size + 1))
            << guided << " " << step << " " << n;
      }
  }
}

} // namespace
} // namespace dit::runtime::test
