// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Attention of many shapes, compiled for every instruction set of this machine,
// against the interpreter.
#include "CompiledModule.h"
#include "RegionText.h"

#include <gtest/gtest.h>

namespace dit::test {
namespace {

// A score of 20 is rounded by 1e-6, and its exp relatively as much; over many
// keys most of it averages out, but so does the result: 1e-6 at 1,024 keys. A
// wrong key or feature is above 1e-3.
constexpr double kBudget = 2e-6;

struct AttentionShape {
  int64_t queries, keys, heads, headDim, samples;
};

/// q, k and v as views of x: of one projection where the token counts agree,
/// else of queries and keys one after the other.
std::string attentionText(const AttentionShape &shape) {
  int64_t width = shape.heads * shape.headDim;
  bool isSelf = shape.queries == shape.keys;
  int64_t tokens = isSelf ? shape.queries : shape.queries + shape.keys;
  RegionText region("attention", {-1, tokens, 3 * width});
  int64_t firstKey = isSelf ? 0 : shape.queries;
  std::string q = region.slice(0, shape.queries, 0, width);
  std::string k = region.slice(firstKey, shape.keys, width, width);
  std::string v = region.slice(firstKey, shape.keys, 2 * width, width);
  Shape type = {-1, shape.queries, width};
  std::string y = region.op(
      "attention " + q + ", " + k + ", " + v + " heads " +
      std::to_string(shape.heads) + " : " + tensorType(type) + ", " +
      tensorType({-1, shape.keys, width}) + " -> " + tensorType(type));
  region.yield(y, type);
  return region.print();
}

constexpr const char *kArchs[] = {"x86-64-v3", "x86-64-v4"};

class Attention : public testing::TestWithParam<AttentionShape> {};

TEST_P(Attention, AgreesWithTheInterpreter) {
  for (const char *arch : kArchs) {
    if (!canRun(arch))
      GTEST_SKIP() << "this CPU has no " << arch;
    SCOPED_TRACE(arch);
    CompiledModule compiled(attentionText(GetParam()), arch);
    Inputs inputs(GetParam().samples, compiled.xFloats(), RegionText::kLabels);
    // Scores of up to +-20: a softmax that is neither flat nor one key alone.
    for (float &value : inputs.x)
      value *= 3;
    std::vector<float> got = compiled.run(inputs);
    EXPECT_LT(relativeError(got, compiled.interpret(inputs)), kBudget);
    EXPECT_EQ(got, compiled.run(inputs, 1000));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, Attention,
    testing::Values(
        AttentionShape{1, 1, 1, 1, 3}, AttentionShape{5, 5, 2, 3, 3},
        AttentionShape{49, 49, 4, 8, 3}, AttentionShape{64, 64, 1, 64, 1},
        AttentionShape{49, 49, 2, 72, 3}, AttentionShape{64, 64, 3, 80, 1},
        AttentionShape{257, 257, 2, 72, 1}, AttentionShape{258, 258, 1, 64, 3},
        AttentionShape{1024, 1024, 1, 8, 1},
        AttentionShape{1024, 1024, 1, 72, 1}, AttentionShape{49, 2, 2, 64, 3},
        AttentionShape{5, 130, 3, 17, 3}, AttentionShape{130, 33, 1, 160, 1}),
    [](const auto &info) {
      const AttentionShape &s = info.param;
      return std::to_string(s.queries) + "x" + std::to_string(s.keys) +
             "_heads" + std::to_string(s.heads) + "_dim" +
             std::to_string(s.headDim) + "_batch" + std::to_string(s.samples);
    });

/// Which operands q, k and v are is said by the body alone: they may come in
/// any order, and two or all of them may be one.
TEST(AttentionOperands, AreFoundByValue) {
  // The operand of q, of k and of v.
  constexpr unsigned kOperands[][3] = {
      {0, 1, 2}, {2, 0, 1}, {1, 2, 0}, {0, 2, 1}, {1, 0, 2}, {2, 1, 0},
      {0, 1, 1}, {0, 0, 1}, {0, 1, 0}, {1, 0, 0}, {0, 0, 0}};
  for (auto [q, k, v] : kOperands)
    for (const char *arch : kArchs) {
      if (!canRun(arch))
        continue;
      SCOPED_TRACE(testing::Message() << arch << ' ' << q << k << v);
      RegionText region("attention", {-1, 5, 3 * 16});
      std::string operands[3];
      for (unsigned i = 0; i <= std::max({q, k, v}); ++i)
        operands[i] = region.slice(0, 5, 16 * i, 16);
      std::string type = tensorType({-1, 5, 16});
      region.yield(region.op("attention " + operands[q] + ", " + operands[k] +
                             ", " + operands[v] + " heads 2 : " + type + ", " +
                             type + " -> " + type),
                   {-1, 5, 16});
      CompiledModule compiled(region.print(), arch);
      Inputs inputs(3, compiled.xFloats(), RegionText::kLabels);
      EXPECT_LT(relativeError(compiled.run(inputs), compiled.interpret(inputs)),
                kBudget);
    }
}

/// Scores far below zero: exp of them must not underflow to a sum of 0, nor the
/// padding of the last vector of keys take part.
TEST(AttentionSoftmax, SurvivesLargeScores) {
  for (const char *arch : kArchs) {
    if (!canRun(arch))
      GTEST_SKIP() << "this CPU has no " << arch;
    CompiledModule compiled(attentionText({5, 5, 1, 8, 1}), arch);
    Inputs inputs(1, compiled.xFloats(), RegionText::kLabels);
    // q is positive and k negative: every score is about -2,000.
    for (size_t i = 0; i < inputs.x.size(); ++i)
      if (size_t column = i % 24; column < 16)
        inputs.x[i] = column < 8 ? 30 + inputs.x[i] : -25 + inputs.x[i] * 0.01f;
    // A score of 2,000 is rounded by 1e-4, and its exp as much.
    EXPECT_LT(relativeError(compiled.run(inputs), compiled.interpret(inputs)),
              1e-3);
  }
}

} // namespace
} // namespace dit::test
