// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Random linear regions, compiled for every instruction set of this machine,
// against the interpreter.
#include "CompiledModule.h"
#include "RegionText.h"

#include <gtest/gtest.h>
#include <random>

namespace dit::test {
namespace {

// Sums of up to 1,200 products in float32, in ranges, and activations of them:
// the median is 1e-7, the worst of these 6e-7. A wrong term is above 1e-3.
constexpr double kBudget = 2e-6;

/// A random region: what is before the matmul, its sizes, what is behind it.
class RandomLinear {
public:
  explicit RandomLinear(unsigned seed) : random(seed) {}

  std::string text();
  int64_t samples() { return pick({1, 3, 8}); }

private:
  int64_t pick(std::initializer_list<int64_t> from) {
    return from.begin()[random() % from.size()];
  }
  bool chance(unsigned percent) { return random() % 100 < percent; }

  std::string text(int64_t tokens, int64_t k, int64_t m);
  std::string patchText();
  /// The linear and what is behind it; `x` is its input.
  void finish(RegionText &region, const std::string &x, int64_t tokens,
              int64_t k, int64_t m, const std::string &residual);
  std::string before(RegionText &region, std::string x, int64_t tokens,
                     int64_t k);
  std::string behind(RegionText &region, const std::string &x, int64_t tokens,
                     int64_t m, const std::string &residual);

  std::mt19937 random;
};

std::string RandomLinear::text() {
  if (chance(20))
    return patchText();
  int64_t tokens = pick({0, 0, 1, 2, 7, 8, 16, 49, 130, 258});
  return text(tokens, pick({1, 5, 12, 16, 33, 48, 100, 384, 1200}),
              pick({1, 7, 8, 31, 48, 50, 96, 100, 145}));
}

std::string RandomLinear::text(int64_t tokens, int64_t k, int64_t m) {
  // x holds the linear's input and then a residual, as views; where those leave
  // out some tokens, the rows of all samples are not one long list.
  bool gathered = !tokens && chance(30), someTokens = tokens && chance(50);
  Shape shape = {-1, tokens + 2 * someTokens, k + m};
  if (!tokens)
    shape = {-1, k + m};
  RegionText region("linear", shape);
  std::string x, residual;
  if (tokens) {
    x = someTokens ? region.slice(2, tokens, 0, k) : region.slice(2, 0, k);
    residual =
        someTokens ? region.slice(0, tokens, k, m) : region.slice(2, k, m);
  } else {
    x = gathered ? region.condition(k) : region.slice(1, 0, k);
    residual = region.slice(1, k, m);
  }
  x = before(region, x, tokens, k);
  finish(region, x, tokens, k, m, residual);
  return region.print();
}

/// An image in patches, with their position; sometimes back to an image.
std::string RandomLinear::patchText() {
  int64_t patch = pick({1, 2, 4}), channels = pick({1, 3, 4});
  int64_t rows = pick({1, 3, 4}), across = pick({2, 5, 8});
  RegionText region("linear", {-1, channels, rows * patch, across * patch});
  int64_t tokens = rows * across, k = channels * patch * patch;
  std::string x = region.op(
      "patchify " + region.input() + " patch " + std::to_string(patch) + " : " +
      tensorType({-1, channels, rows * patch, across * patch}) + " -> " +
      tensorType({-1, tokens, k}));
  int64_t outChannels = pick({1, 2, 8}), outPatch = pick({1, 2, 4});
  int64_t m = outChannels * outPatch * outPatch;
  if (chance(50)) {
    finish(region, x, tokens, k, m, "");
    return region.print();
  }
  Shape from = {-1, tokens, m};
  std::string type = tensorType(from);
  std::string w = region.weight({m, k}), b = region.weight({m});
  std::string y =
      region.op("linear " + x + " weight(" + w + ") bias(" + b + ") : (" +
                tensorType({-1, tokens, k}) + ", " + tensorType({m, k}) + ", " +
                tensorType({m}) + ") -> " + type);
  Shape to = {-1, outChannels, rows * outPatch, across * outPatch};
  y = behind(region, y, tokens, m, "");
  region.yield(region.op("unpatchify " + y + " patch " +
                         std::to_string(outPatch) + " : " + type + " -> " +
                         tensorType(to)),
               to);
  return region.print();
}

std::string RandomLinear::before(RegionText &region, std::string x,
                                 int64_t tokens, int64_t k) {
  Shape shape = {-1, tokens, k};
  if (!tokens)
    shape = {-1, k};
  std::string type = tensorType(shape), condition = tensorType({-1, k});
  switch (pick({0, 0, 0, 1, 2, 3})) {
  case 1:
    return region.op("silu " + x + " : " + type);
  case 2: {
    x = region.op("layer_norm " + x + " eps 1.0e-06 : " + type);
    std::string shift = region.condition(k), scale = region.condition(k);
    return region.op("modulate " + x + " shift(" + shift + ") scale(" + scale +
                     ") : " + type + ", " + condition);
  }
  case 3: {
    // x + gate * x, normalised: two passes over a value that is not an operand.
    std::string gated = region.op("gate " + x + " gate(" + region.condition(k) +
                                  ") : " + type + ", " + condition);
    x = region.op("add " + x + ", " + gated + " : " + type + ", " + type);
    return region.op("rms_norm " + x + " eps 1.0e-06 : " + type);
  }
  default:
    return x;
  }
}

void RandomLinear::finish(RegionText &region, const std::string &x,
                          int64_t tokens, int64_t k, int64_t m,
                          const std::string &residual) {
  Shape in = {-1, tokens, k}, out = {-1, tokens, m};
  if (!tokens)
    in = {-1, k}, out = {-1, m};
  std::string w = region.weight({m, k}), type = tensorType(out);
  std::string bias, biasType;
  if (chance(70)) {
    bias = " bias(" + region.weight({m}) + ")";
    biasType = ", " + tensorType({m});
  }
  std::string y = region.op("linear " + x + " weight(" + w + ")" + bias +
                            " : (" + tensorType(in) + ", " +
                            tensorType({m, k}) + biasType + ") -> " + type);
  std::string z = y;
  if (tokens && m > 1 && chance(30)) {
    int64_t head = std::min(pick({2, 4, 12, 16, 24, 48, 72}), m / 2 * 2);
    z = region.rotate(y, out, head, 1 + random() % (m / head));
  }
  z = behind(region, z, tokens, m, residual);
  region.yield(z, out);
  if (tokens && chance(20))
    region.yield(y, out);
}

std::string RandomLinear::behind(RegionText &region, const std::string &x,
                                 int64_t tokens, int64_t m,
                                 const std::string &residual) {
  Shape shape = {-1, tokens, m};
  if (!tokens)
    shape = {-1, m};
  std::string type = tensorType(shape), condition = tensorType({-1, m}), y = x;
  for (int64_t ops = pick({0, 1, 2, 3}); ops > 0; --ops)
    switch (pick({0, 1, 2, 3, 4, 5, 6})) {
    case 0:
      y = region.op("gelu tanh " + y + " : " + type);
      break;
    case 1:
      y = region.op("gelu erf " + y + " : " + type);
      break;
    case 2:
      y = region.op("silu " + y + " : " + type);
      break;
    case 3:
      y = region.op("gate " + y + " gate(" + region.condition(m) +
                    ") : " + type + ", " + condition);
      break;
    case 4: {
      std::string shift = region.condition(m), scale = region.condition(m);
      y = region.op("modulate " + y + " shift(" + shift + ") scale(" + scale +
                    ") : " + type + ", " + condition);
      break;
    }
    case 5:
      if (tokens)
        y = region.op("add " + y + ", " + region.weight({tokens, m}) + " : " +
                      type + ", " + tensorType({tokens, m}));
      break;
    case 6:
      if (!residual.empty())
        y = region.op("add " + residual + ", " + y + " : " + type + ", " +
                      type);
      break;
    }
  return y;
}

class Linear : public testing::TestWithParam<const char *> {};

TEST_P(Linear, RandomRegionsAgreeWithTheInterpreter) {
  if (!canRun(GetParam()))
    GTEST_SKIP() << "this CPU has no " << GetParam();
  for (unsigned seed = 0; seed < 50 && !HasFailure(); ++seed) {
    RandomLinear make(seed);
    std::string text = make.text();
    CompiledModule compiled(text, GetParam());
    Inputs inputs(make.samples(), compiled.xFloats(), RegionText::kLabels,
                  seed);
    std::vector<float> got = compiled.run(inputs);
    EXPECT_LT(relativeError(got, compiled.interpret(inputs)), kBudget)
        << "seed " << seed << ", " << inputs.rows << " samples of\n"
        << text;
    // The split over threads changes no bit.
    EXPECT_EQ(got, compiled.run(inputs, 1000)) << text;
    // Nor do the samples beside it.
    inputs.rows = 1;
    inputs.x.resize(compiled.xFloats()), inputs.t.resize(1), inputs.y.resize(1);
    got.resize(compiled.outFloats());
    EXPECT_EQ(got, compiled.run(inputs)) << text;
  }
}

INSTANTIATE_TEST_SUITE_P(Archs, Linear,
                         testing::Values("x86-64-v3", "x86-64-v4"),
                         [](const auto &info) {
                           return std::string(info.param).substr(7);
                         });

} // namespace
} // namespace dit::test
