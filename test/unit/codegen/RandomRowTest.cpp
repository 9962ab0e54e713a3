// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// 200 random legal bodies of row regions, compiled, against the interpreter.
#include "CompiledModule.h"
#include "RegionText.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <random>

namespace dit::test {

namespace {

/// Float32 keeps 24 bits, 6e-8; the longest chain here rounds some twenty
/// times, and norms of short rows magnify a little: 3e-7 measured. A wrong
/// operand or column moves a result by more than 1e-2.
constexpr double kBudget = 2e-6;

class RandomRows {
public:
  explicit RandomRows(uint64_t seed);
  std::string text() const { return region.print(); }

private:
  struct Value {
    std::string name;
    int uses = 0;
  };
  static RegionText choose(std::mt19937_64 &random, int64_t &width,
                           int64_t &tokens, int64_t &slices);

  int64_t pick(int64_t count) { return random() % count; }
  /// A value of rows, the newest more often than others.
  std::string row();
  std::string makeOp();
  std::string rotated();

  std::mt19937_64 random;
  int64_t width = 0, tokens = 0, slices = 0; ///< no tokens: rows are (N, D)
  RegionText region;
  Shape rows;
  std::vector<Value> values;
};

/// x holds the rows that the region reads side by side, so that they are
/// strided.
RegionText RandomRows::choose(std::mt19937_64 &random, int64_t &width,
                              int64_t &tokens, int64_t &slices) {
  constexpr int64_t widths[] = {1, 7, 16, 33, 48, 64, 100, 129, 1152};
  width = widths[random() % std::size(widths)];
  tokens = random() % 3 ? 1 + random() % 6 : 0;
  slices = 1 + random() % 3;
  return RegionText("row", tokens ? Shape{-1, tokens, slices * width}
                                  : Shape{-1, slices * width});
}

RandomRows::RandomRows(uint64_t seed)
    : random(seed), region(choose(random, width, tokens, slices)),
      rows(tokens ? Shape{-1, tokens, width} : Shape{-1, width}) {
  for (int64_t i = 0; i < slices; ++i)
    values.push_back({region.slice(rows.size() - 1, i * width, width)});
  const size_t arguments = values.size();
  for (int64_t ops = 1 + pick(8); ops > 0; --ops) {
    if (tokens && width > 1 && !pick(6)) {
      values.push_back({rotated()});
      continue;
    }
    std::string op = makeOp();
    values.push_back({region.op(op)});
  }
  // Whatever nobody reads, and now and then something that is read as well.
  for (size_t i = arguments; i < values.size(); ++i)
    if (!values[i].uses || !pick(5))
      region.yield(values[i].name, rows);
}

std::string RandomRows::row() {
  Value &value = pick(2) ? values.back() : values[pick(values.size())];
  ++value.uses;
  return value.name;
}

/// Heads that vectors hold some, one, part or none of.
std::string RandomRows::rotated() {
  constexpr int64_t sizes[] = {2, 4, 6, 8, 12, 16, 24, 48, 64, 72};
  int64_t head = sizes[pick(std::size(sizes))];
  head = std::min(head, width / 2 * 2);
  int64_t heads = 1 + pick(width / head);
  return region.rotate(row(), rows, head, heads);
}

std::string RandomRows::makeOp() {
  const std::string type = tensorType(rows), cond = tensorType({-1, width});
  const std::string vec = tensorType({width}), x = row();
  auto weight = [&] { return region.weight({width}); };
  auto condition = [&] { return region.condition(width); };
  const char *sumOrProduct = pick(2) ? "add" : "mul";
  switch (pick(10)) {
  case 0:
  case 1:
    return fmt::format("layer_norm {} eps 1.0e-06 : {}", x, type);
  case 2:
    return fmt::format(
        "layer_norm {0} weight({1} : {3}) bias({2} : {3}) eps 1.0e-05 : {4}", x,
        weight(), weight(), vec, type);
  case 3:
    if (pick(2))
      return fmt::format("rms_norm {} eps 1.0e-06 : {}", x, type);
    return fmt::format("rms_norm {} weight({} : {}) eps 1.0e-06 : {}", x,
                       weight(), vec, type);
  case 4:
  case 5:
    return fmt::format("modulate {} shift({}) scale({}) : {}, {}", x,
                       condition(), condition(), type, cond);
  case 6:
    return fmt::format("gate {} gate({}) : {}, {}", x, condition(), type, cond);
  case 7:
    return fmt::format("{} {}, {} : {}, {}", sumOrProduct, x, row(), type,
                       type);
  case 8: {
    // Without the batch: (T, D) beside (N, T, D), (D) beside (N, D).
    const Shape table(rows.begin() + 1, rows.end());
    return fmt::format("{} {}, {} : {}, {}", sumOrProduct, x,
                       region.weight(table), type, tensorType(table));
  }
  default:
    constexpr const char *activations[] = {"gelu tanh", "gelu erf", "silu"};
    return fmt::format("{} {} : {}", activations[pick(3)], x, type);
  }
}

class RandomRow : public testing::TestWithParam<int> {};

TEST_P(RandomRow, ComputesWhatTheInterpreterDoes) {
  RandomRows rows(GetParam());
  // One instruction set each, so that the 200 are not 400.
  const std::string arch =
      GetParam() % 2 && canRun("x86-64-v4") ? "x86-64-v4" : "x86-64-v3";
  CompiledModule module(rows.text(), arch);
  SCOPED_TRACE(arch + "\n" + rows.text());
  for (int64_t batch : {1, 3}) {
    Inputs inputs(batch, module.xFloats(), RegionText::kLabels, GetParam());
    std::vector<float> got = module.run(inputs);
    EXPECT_LE(relativeError(got, module.interpret(inputs)), kBudget);
    EXPECT_EQ(got, module.run(inputs, 5)) << "depends on the split into units";
  }
}

INSTANTIATE_TEST_SUITE_P(Bodies, RandomRow, testing::Range(0, 200));

} // namespace
} // namespace dit::test
