// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Weights from a seed: the values that test/golden/seeded_weights.py makes.
#include "runtime/SeededWeights.h"

#include <gtest/gtest.h>
#include <vector>

using namespace dit::runtime;

TEST(SeededWeights, uniformIsThatOfTheScript) {
  std::vector<float> values(3);
  fillUniform("x", 0, values);
  EXPECT_EQ(values,
            (std::vector{-0x1.21f894p-2f, 0x1.b3ac6ep-1f, -0x1.7cbe48p-3f}));
  values.resize(2);
  fillUniform("blocks.0.attn.qkv.weight", 7, values);
  EXPECT_EQ(values, (std::vector{0x1.363fa6p-1f, -0x1.20932p-5f}));
}

TEST(SeededWeights, rankAndNameChooseTheScale) {
  std::vector<float> bias(2), norm(2), matrix(12), kernel(48);
  int64_t two[] = {2}, flat[] = {4, 3}, image[] = {4, 3, 2, 2};
  fillSeeded("b", two, 7, bias);
  EXPECT_EQ(bias, (std::vector{0x1.0dc6e6p-3f, -0x1.67c46ap-4f}));
  fillSeeded("n.weight", two, 7, norm);
  EXPECT_EQ(norm, (std::vector{0x1.0963d8p+0f, 0x1.d23c7cp-1f}));
  // Fan-in 3: sqrt(3 / 3) = 1. Fan-in 12: a half.
  std::vector<float> uniform(48);
  fillUniform("w", 7, uniform);
  fillSeeded("w", flat, 7, matrix);
  fillSeeded("w", image, 7, kernel);
  EXPECT_EQ(matrix[11], uniform[11]);
  EXPECT_EQ(kernel[47], uniform[47] * 0.5f);
}

TEST(SeededWeights, seedAndNameMatterAndTheRestOfTheTensorDoesNot) {
  std::vector<float> a(4), b(4), longer(9);
  fillUniform("w", 1, a);
  fillUniform("w", 2, b);
  EXPECT_NE(a, b);
  fillUniform("v", 1, b);
  EXPECT_NE(a, b);
  fillUniform("w", 1, longer);
  EXPECT_TRUE(std::equal(a.begin(), a.end(), longer.begin()));
}

TEST(SeededWeights, valuesAreSpreadEvenly) {
  std::vector<float> values(100000);
  fillUniform("w", 3, values);
  double mean = 0, square = 0, product = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    EXPECT_LT(std::abs(values[i]), 1.0f);
    EXPECT_NE(values[i], 0.0f);
    mean += values[i], square += values[i] * values[i];
    product += values[i] * values[(i + 1) % values.size()];
  }
  // Four standard deviations of 100,000 draws.
  EXPECT_NEAR(mean / values.size(), 0, 0.0075);
  EXPECT_NEAR(square / values.size(), 1.0 / 3, 0.004);
  EXPECT_NEAR(product / values.size(), 0, 0.0045);
}
