// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compiled CPU code against the interpreter: whole models, odd shapes, and
// every combination of fusion passes.
#include "CompiledModel.h"

#include "runtime/cpu/CpuFeatures.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace dit::test {

namespace {

struct Shape {
  int depth, width, heads, patch, classes, channels, height, latentWidth;
  double mlpRatio;
  bool learnSigma;
};

std::string yaml(const Shape &s) {
  return fmt::format(
      "name: shape\ndepth: {}\nwidth: {}\nheads: {}\npatch_size: {}\n"
      "classes: {}\nmlp_ratio: {}\nlearn_sigma: {}\n"
      "latent: {{channels: {}, height: {}, width: {}}}\n",
      s.depth, s.width, s.heads, s.patch, s.classes, s.mlpRatio, s.learnSigma,
      s.channels, s.height, s.latentWidth);
}

/// --dtype=bf16, or nothing on a machine that cannot run it.
std::optional<TargetOptions> bf16Here() {
  if (!runtime::thisCpu().features.contains("avx512_bf16"))
    return std::nullopt;
  TargetOptions options;
  options.dtype = "bf16";
  return options;
}

// Two blocks, an odd token count (15), a width that no tile divides.
const Shape kTiny{2, 20, 2, 2, 5, 3, 6, 10, 4, true};

void expectAgreement(const CompiledModel &model, int64_t rows,
                     double budget = kBudgetF32) {
  Inputs in = model.inputs(rows);
  double error = relativeError(model.run(in), model.interpret(in));
  EXPECT_LT(error, budget) << "batch " << rows;
}

class Shapes : public testing::TestWithParam<Shape> {};

} // namespace

TEST_P(Shapes, AgreeWithTheInterpreter) {
  CompiledModel model(yaml(GetParam()));
  for (int64_t rows : {1, 3, 8})
    expectAgreement(model, rows);
}

TEST_P(Shapes, AgreeOnAVX2) {
  TargetOptions options;
  options.arch = "x86-64-v3";
  expectAgreement(CompiledModel(yaml(GetParam()), options), 3);
}

TEST_P(Shapes, AgreeInBf16) {
  auto options = bf16Here();
  if (!options)
    GTEST_SKIP() << "the CPU has no AVX512_BF16";
  CompiledModel model(yaml(GetParam()), *options);
  for (int64_t rows : {1, 3})
    expectAgreement(model, rows, kBudgetBf16);
}

INSTANTIATE_TEST_SUITE_P(
    Odd, Shapes,
    testing::Values(
        kTiny, Shape{1, 72, 1, 1, 3, 1, 5, 7, 4, true}, // head_dim 72, one head
        Shape{2, 144, 2, 2, 10, 4, 8, 8, 4, true},      // head_dim 72
        Shape{1, 4, 1, 1, 1, 1, 1, 1, 1, false},        // one token
        Shape{1, 44, 11, 4, 2, 2, 12, 4, 2.5, true}, // head_dim 4, three tokens
        Shape{3, 52, 4, 2, 7, 5, 14, 2, 3, false},   // head_dim 13
        Shape{1, 100, 5, 3, 9, 3, 9, 21, 1.3, true}, // patch 3, hidden 130
        Shape{2, 64, 4, 2, 4, 4, 34, 2, 4, true},    // 17 tokens
        Shape{1, 192, 3, 8, 4, 4, 32, 32, 4, true})); // patch 8

/// `keys` added to a shape.
class Variants : public testing::TestWithParam<std::pair<Shape, const char *>> {
};

TEST_P(Variants, AgreeWithTheInterpreter) {
  auto [shape, keys] = GetParam();
  std::string spec = yaml(shape) + keys;
  CompiledModel model(spec);
  for (int64_t rows : {1, 3})
    expectAgreement(model, rows);
  TargetOptions avx2, unfused;
  avx2.arch = "x86-64-v3";
  unfused.fuse = "none";
  expectAgreement(CompiledModel(spec, avx2), 2);
  expectAgreement(CompiledModel(spec, unfused), 2);
  if (auto bf16 = bf16Here())
    expectAgreement(CompiledModel(spec, *bf16), 2, kBudgetBf16);
}

// Heads of 72, 20, 4 and 64 features; 15, 17 and 1 tokens.
INSTANTIATE_TEST_SUITE_P(
    Keys, Variants,
    testing::Values(
        std::pair{Shape{2, 144, 2, 2, 10, 4, 6, 10, 4, true},
                  "position: rotary\nposition_grid: {height: 2, width: 7}\n"},
        std::pair{Shape{1, 60, 3, 2, 4, 4, 34, 2, 4, true},
                  "position: rotary\nconditioning: in_context\n"},
        std::pair{Shape{1, 44, 11, 1, 2, 2, 1, 1, 2.5, true},
                  "position: rotary\nrotary: {theta: 100}\n"},
        std::pair{Shape{1, 128, 2, 2, 4, 4, 6, 10, 4, true},
                  "position: rotary\nconditioning: cross_attention\n"},
        std::pair{kTiny, "timestep: {embedding: learned}\n"},
        std::pair{kTiny, "timestep: {embedding: learned}\n"
                         "diffusion: {steps: 20}\n"
                         "conditioning: in_context\n"}));

TEST(Fusion, EveryCombinationMeansTheSame) {
  const std::string names[] = {"patch-embed",  "final-layer",
                               "conditioning", "gated-residual",
                               "adaln",        "linear-epilogue"};
  std::string spec = yaml(kTiny);
  CompiledModel reference(spec);
  Inputs in = reference.inputs(2);
  std::vector<double> want = reference.interpret(in);
  for (unsigned subset = 0; subset < 1u << std::size(names); ++subset) {
    TargetOptions options;
    options.fuse = "";
    for (size_t i = 0; i < std::size(names); ++i)
      if (subset >> i & 1)
        options.fuse += (options.fuse.empty() ? "" : ",") + names[i];
    if (options.fuse.empty())
      options.fuse = "none";
    CompiledModel model(spec, options);
    EXPECT_LT(relativeError(model.run(in), want), kBudgetF32)
        << "--fuse=" << options.fuse;
  }
}

TEST(Model, DiTS8AgreesWithTheInterpreter) {
  expectAgreement(CompiledModel(DIT_REPO "/model_specs/dit_s_8.yaml"), 2);
}

TEST(Model, DigitsAgreesWithTheInterpreter) {
  expectAgreement(CompiledModel(DIT_REPO "/model_specs/digits.yaml"), 3);
}

// Biases are added in float32, by code that the tests of float32 hold.
TEST(Bf16, EveryMatrixMovesTheOutputByFiveBudgets) {
  auto options = bf16Here();
  if (!options)
    GTEST_SKIP() << "the CPU has no AVX512_BF16";
  CompiledModel model(yaml({2, 144, 2, 2, 3, 4, 8, 8, 4, true}), *options);
  Inputs in = model.inputs(3);
  std::vector<double> as = widened(model.run(in));
  for (const auto &weight : model.manifest().weights)
    if (weight.shape.size() > 1)
      EXPECT_GT(relativeError(model.run(in, 2, {{weight.name, 1.5f}}), as),
                5 * kBudgetBf16)
          << weight.name;
}

TEST(Bf16, ThreadsAndFusionsKeepItsResults) {
  auto options = bf16Here();
  if (!options)
    GTEST_SKIP() << "the CPU has no AVX512_BF16";
  CompiledModel model(yaml(kTiny), *options);
  Inputs in = model.inputs(5);
  std::vector<float> one = model.run(in, 1);
  EXPECT_EQ(one, model.run(in, 3)) << "3 threads";
  // Rounded in the same places, whatever the kernels' boundaries are.
  for (const char *fuse : {"none", "cast", "adaln", "linear-epilogue"}) {
    options->fuse = fuse;
    EXPECT_LT(relativeError(CompiledModel(yaml(kTiny), *options).run(in),
                            widened(one)),
              2e-3)
        << "--fuse=" << fuse;
  }
}

TEST(Model, Of4096TokensAgreesWithTheInterpreter) {
  expectAgreement(CompiledModel(yaml({1, 32, 2, 2, 3, 4, 128, 128, 2, true})),
                  1);
}

TEST(Threads, GiveTheSameBits) {
  CompiledModel model(DIT_REPO "/model_specs/digits.yaml");
  for (int64_t rows : {1, 5}) {
    Inputs in = model.inputs(rows);
    std::vector<float> one = model.run(in, 1);
    for (int threads : {2, 3, 7})
      EXPECT_EQ(one, model.run(in, threads)) << threads << " threads";
    EXPECT_EQ(one, model.run(in, 1)) << "the same again";
  }
}

TEST(Batch, DoesNotChangeASample) {
  CompiledModel model(yaml(kTiny));
  Inputs all = model.inputs(5);
  std::vector<float> together = model.run(all);
  size_t in = all.x.size() / 5, out = together.size() / 5;
  for (size_t n = 0; n < 5; ++n) {
    Inputs one{{all.x.begin() + n * in, all.x.begin() + (n + 1) * in},
               {all.t[n]},
               {all.y[n]}};
    std::vector<float> want(together.begin() + n * out,
                            together.begin() + (n + 1) * out);
    EXPECT_LT(relativeError(model.run(one), widened(want)), 1e-6)
        << "sample " << n;
  }
}

} // namespace dit::test
