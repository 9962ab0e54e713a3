// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// torch's CUDA noise, against values that were published, and against the
// order in which the published script draws them.
#include "runtime/sampling/TorchCudaNoise.h"

#include <gmock/gmock.h>

#include <cmath>
#include <set>

namespace dit::runtime::test {
namespace {

std::vector<float> randn(uint64_t seed, int64_t &offset, int64_t count) {
  TorchCudaDraw draw(count);
  std::vector<float> values;
  for (int64_t i = 0; i < count; ++i)
    values.push_back(torchCudaNormal(seed, offset, draw, i));
  offset += draw.blocks;
  return values;
}

// torch.manual_seed(0); torch.randn(3, 4, device="cuda"), as the users of
// several image generators have published it.
TEST(TorchCudaNoise, GivesThePublishedValues) {
  int64_t offset = 0;
  EXPECT_THAT(randn(0, offset, 12),
              testing::Pointwise(testing::FloatNear(1e-6f),
                                 {-0.92466259f, -0.42534415f, -2.6438457f,
                                  0.14518388f, -0.12086647f, -0.57972564f,
                                  -0.62285122f, -0.32838709f, -1.07454231f,
                                  -0.36314407f, -1.67105067f, 2.26550497f}));
  EXPECT_EQ(offset, 1);
}

// A thread takes four values of its stream before it asks for four more.
TEST(TorchCudaNoise, ManyValuesAreSpreadOverTheGpusThreads) {
  constexpr int64_t threads = 132 * 8 * 256;
  EXPECT_EQ(TorchCudaDraw(1).threads, 256);
  EXPECT_EQ(TorchCudaDraw(257).threads, 512);
  EXPECT_EQ(TorchCudaDraw(threads).threads, threads);
  EXPECT_EQ(TorchCudaDraw(threads + 1).threads, threads);
  EXPECT_EQ(TorchCudaDraw(4 * threads).blocks, 1);
  EXPECT_EQ(TorchCudaDraw(4 * threads + 1).blocks, 2);

  TorchCudaDraw large(9 * threads);
  std::set<float> seen;
  for (int64_t i = 0; i < 9; ++i)
    seen.insert(torchCudaNormal(3, 0, large, 7 + i * threads));
  EXPECT_EQ(seen.size(), 9u); // other words each time
  // The fifth value of a thread is the first of its stream's second block.
  EXPECT_EQ(torchCudaNormal(3, 0, large, 7 + 4 * threads),
            torchCudaNormal(3, 1, large, 7));
}

TEST(TorchCudaNoise, IsNormal) {
  constexpr int64_t count = 100000;
  int64_t offset = 5;
  double sum = 0, squares = 0, fourth = 0;
  for (float v : randn(42, offset, count)) {
    sum += v;
    squares += v * v;
    fourth += std::pow(v, 4);
  }
  EXPECT_NEAR(sum / count, 0, 0.015);
  EXPECT_NEAR(squares / count, 1, 0.02);
  EXPECT_NEAR(fourth / count, 3, 0.15);
}

// z = randn(n); then randn of n, or of 2n with guidance, at every step.
TEST(TorchCudaNoise, FollowsThePublishedScriptInAnyOrderOfCalls) {
  constexpr int64_t samples = 3, size = 600, steps = 4;
  for (bool guided : {false, true}) {
    int64_t offset = 0;
    std::vector<std::vector<float>> expected{randn(21, offset, samples * size)};
    for (int64_t step = 0; step < steps; ++step)
      expected.push_back(randn(21, offset, samples * size * (guided ? 2 : 1)));
    TorchCudaNoise noise({21, samples, size, guided});
    for (int64_t step : {2, -1, 3, 0, 1})
      for (int64_t n = 0; n < samples; ++n) {
        std::vector<float> piece(5);
        noise.normal(n, step, 9, piece);
        EXPECT_TRUE(std::equal(piece.begin(), piece.end(),
                               expected[step + 1].begin() + n * size + 9))
            << guided << " " << step << " " << n;
      }
  }
}

} // namespace
} // namespace dit::runtime::test
