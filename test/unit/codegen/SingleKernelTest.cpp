// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The kernels that are one op or move elements, compiled, against the
// interpreter: embeddings, activations at their limits, patches,
// concatenations, packed weights.
#include "CompiledModule.h"
#include "RegionText.h"

#include <cmath>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <limits>

namespace dit::test {

namespace {

// Moved elements are equal; sines are rounded once, activations are 5 ulp.
constexpr double kBudget = 1e-6;

/// `x` is the type of the input, `body` ends in %out of the type `out`.
std::string network(const std::string &x, const std::string &out,
                    const std::string &body) {
  return fmt::format(
      "module attributes {{dit.phase = \"dit\", dit.name = \"test\", dit.spec "
      "= \"\"}} {{\n"
      "func.func @denoise(%x: {0} {{dit.name = \"x\", dit.from = \"input\"}},\n"
      "    %t: tensor<?xf32> {{dit.every = \"condition\", dit.name = \"t\", "
      "dit.from = \"input\"}},\n"
      "    %y: tensor<?xi32> {{dit.every = \"condition\", dit.name = \"y\", "
      "dit.from = \"input\"}})\n"
      "    -> ({1} {{dit.name = \"out\"}}) {{\n{2}  return %out : "
      "{1}\n}}\n}}\n",
      x, out, body);
}

void expectAgreement(const std::string &text, int64_t labels = 5) {
  for (const char *arch : {"x86-64-v3", "x86-64-v4"}) {
    if (!canRun(arch))
      continue;
    SCOPED_TRACE(arch);
    CompiledModule module(text, arch);
    for (int64_t rows : {1, 3}) {
      Inputs inputs(rows, module.xFloats(), labels);
      std::vector<float> got = module.run(inputs);
      EXPECT_LE(relativeError(got, module.interpret(inputs)), kBudget)
          << module.text();
      EXPECT_EQ(got, module.run(inputs, 4))
          << "depends on the split into units";
    }
  }
}

TEST(SingleKernel, TimestepEmbedding) {
  for (int shift : {0, 1})
    for (int64_t dim : {4, 34, 256}) {
      std::string type = tensorType({-1, dim});
      expectAgreement(network(
          type, type,
          fmt::format(
              "  %e = dit.timestep_embedding %t max_period 1.0e+04 shift {} : "
              "tensor<?xf32> -> {}\n  %out = dit.add %x, %e : {}, {}\n",
              shift, type, type, type)));
    }
}

TEST(SingleKernel, SincosPosition) {
  for (auto [height, width, dim] :
       {std::tuple{1, 1, 4}, {2, 3, 20}, {16, 16, 48}}) {
    std::string x = tensorType({-1, height * width, dim});
    std::string table = tensorType({height * width, dim});
    for (const char *trained : {"", "trained 3 x 7 "})
      expectAgreement(
          network(x, x,
                  fmt::format("  %p = dit.sincos_position grid {} x {} {}: {}\n"
                              "  %out = dit.add %x, %p : {}, {}\n",
                              height, width, trained, table, x, table)));
  }
}

/// Also of tokens past the grid, which are not turned.
TEST(SingleKernel, RotaryPosition) {
  for (auto [height, width, dim, more] :
       {std::tuple{1, 1, 4, 0}, {2, 3, 20, 2}, {16, 16, 72, 0}}) {
    std::string x = tensorType({-1, height * width + more, dim});
    std::string table = tensorType({height * width + more, dim});
    for (const char *trained : {"", "trained 3 x 7 "})
      expectAgreement(network(
          x, x,
          fmt::format("  %p = dit.rotary_position grid {} x {} {}theta "
                      "1.0e+04 : {}\n  %out = dit.add %x, %p : {}, {}\n",
                      height, width, trained, table, x, table)));
  }
}

/// At its ends, between two rows, and past them.
TEST(SingleKernel, TimestepsReadTheNearestRow) {
  const char *type = "tensor<?x24xf32>";
  std::string text = network(
      type, type,
      fmt::format("  %w = dit.weight \"table\" : tensor<5x24xf32>\n"
                  "  %e = dit.embedding %t table(%w) : tensor<?xf32>, "
                  "tensor<5x24xf32> -> {0}\n  %out = dit.add %x, %e : {0}, "
                  "{0}\n",
                  type));
  const float inf = std::numeric_limits<float>::infinity();
  for (const char *arch : {"x86-64-v3", "x86-64-v4"}) {
    if (!canRun(arch))
      continue;
    SCOPED_TRACE(arch);
    CompiledModule module(text, arch);
    Inputs inputs(10, module.xFloats(), 5);
    inputs.t = {0, 4, 0.5, 1.5, 2.49f, 3.51f, -3, 5e9f, inf, std::nanf("")};
    EXPECT_LE(relativeError(module.run(inputs), module.interpret(inputs)),
              kBudget);
    inputs.x.assign(inputs.x.size(), 0);
    std::vector<float> got = module.run(inputs);
    auto row = [&](int n) {
      return std::vector(got.begin() + n * 24, got.begin() + (n + 1) * 24);
    };
    EXPECT_NE(row(0), row(1));
    EXPECT_EQ(row(2), row(0));
    EXPECT_EQ(row(3), row(4));
    EXPECT_EQ(row(5), row(1));
    EXPECT_EQ(row(6), row(0));
    EXPECT_EQ(row(7), row(1));
    EXPECT_EQ(row(8), row(1));
    EXPECT_EQ(row(9), row(0));
  }
}

std::string labelNetwork() {
  return network(
      "tensor<?x24xf32>", "tensor<?x24xf32>",
      "  %w = dit.weight \"table\" : tensor<5x24xf32>\n"
      "  %c = dit.fused row (%l = %y, %w1 = %w) : (tensor<?xi32>, "
      "tensor<5x24xf32>) "
      "-> tensor<?x24xf32> {\n"
      "    %0 = dit.embedding %l table(%w1) : tensor<?xi32>, "
      "tensor<5x24xf32> "
      "-> tensor<?x24xf32>\n"
      "    %1 = dit.silu %0 : tensor<?x24xf32>\n"
      "    dit.yield %1 : tensor<?x24xf32>\n  }\n"
      "  %out = dit.add %x, %c : tensor<?x24xf32>, tensor<?x24xf32>\n");
}

TEST(SingleKernel, LabelEmbeddingInARow) { expectAgreement(labelNetwork()); }

/// The runtime refuses such labels; the kernel must not read outside all the
/// same.
TEST(SingleKernel, LabelsOutsideTheTableReadItsLastRow) {
  CompiledModule module(labelNetwork());
  Inputs inputs(4, module.xFloats(), 5);
  inputs.y.assign(4, 4);
  std::vector<float> last = module.run(inputs);
  inputs.y = {-1, 5, std::numeric_limits<int32_t>::min(),
              std::numeric_limits<int32_t>::max()};
  EXPECT_EQ(module.run(inputs), last);
}

/// What the naive formulas make NaN.
TEST(SingleKernel, ActivationsAtTheirLimits) {
  const float inf = std::numeric_limits<float>::infinity();
  const std::vector<float> x = {
      -inf,   -1e30f, -1000, -90, -12,  -8,    -1e-30f, 0,
      1e-30f, 8,      12,    90,  1000, 1e30f, inf,     std::nanf("")};
  for (const char *op : {"gelu tanh", "gelu erf", "silu"})
    for (const char *arch : {"x86-64-v3", "x86-64-v4"}) {
      if (!canRun(arch))
        continue;
      SCOPED_TRACE(std::string(op) + " " + arch);
      const char *type = "tensor<?x16xf32>";
      CompiledModule module(
          network(type, type,
                  fmt::format("  %out = dit.{} %x : {}\n", op, type)),
          arch);
      Inputs inputs(1, module.xFloats(), 5);
      inputs.x = x;
      std::vector<float> got = module.run(inputs);
      for (size_t i = 0; i < x.size(); ++i)
        if (x[i] < -80)
          EXPECT_NEAR(got[i], 0, 1e-30) << x[i];
        else if (x[i] > 80)
          EXPECT_EQ(got[i], x[i]);
        else if (std::isnan(x[i]))
          EXPECT_TRUE(std::isnan(got[i]));
        else
          EXPECT_NEAR(got[i], module.interpret(inputs)[i],
                      1e-6 * (1 + std::abs(x[i])))
              << x[i];
    }
}

TEST(SingleKernel, PatchifyAndUnpatchify) {
  for (auto [channels, height, width, patch] :
       {std::tuple{1, 1, 1, 1}, {3, 4, 6, 2}, {4, 8, 12, 4}, {2, 9, 3, 3}}) {
    const int64_t tokens = height * width / (patch * patch),
                  depth = channels * patch * patch;
    std::string image = tensorType({-1, channels, height, width});
    std::string rows = tensorType({-1, tokens, depth});
    expectAgreement(
        network(image, rows,
                fmt::format("  %out = dit.patchify %x patch {} : {} -> {}\n",
                            patch, image, rows)));
    expectAgreement(
        network(rows, image,
                fmt::format("  %out = dit.unpatchify %x patch {} : {} -> {}\n",
                            patch, rows, image)));
  }
}

TEST(SingleKernel, ConcatOfTokens) {
  // A part of x, all of x, and a condition as one more token.
  expectAgreement(network(
      "tensor<?x5x19xf32>", "tensor<?x8x19xf32>",
      "  %w = dit.weight \"table\" : tensor<5x19xf32>\n"
      "  %c = dit.embedding %y table(%w) : tensor<?xi32>, "
      "tensor<5x19xf32> -> "
      "tensor<?x19xf32>\n"
      "  %token = dit.reshape %c : tensor<?x19xf32> -> tensor<?x1x19xf32>\n"
      "  %part = dit.slice %x dim 1 offset 2 : tensor<?x5x19xf32> -> "
      "tensor<?x2x19xf32>\n"
      "  %out = dit.concat %part, %token, %x dim 1 : tensor<?x2x19xf32>, "
      "tensor<?x1x19xf32>, "
      "tensor<?x5x19xf32> -> tensor<?x8x19xf32>\n"));
}

TEST(SingleKernel, ConcatOfFeatures) {
  expectAgreement(network("tensor<?x5x19xf32>", "tensor<?x5x22xf32>",
                          "  %part = dit.slice %x dim 2 offset 16 : "
                          "tensor<?x5x19xf32> -> tensor<?x5x3xf32>\n"
                          "  %out = dit.concat %part, %x dim 2 : "
                          "tensor<?x5x3xf32>, tensor<?x5x19xf32> -> "
                          "tensor<?x5x22xf32>\n"));
  expectAgreement(network("tensor<?x33xf32>", "tensor<?x66xf32>",
                          "  %out = dit.concat %x, %x dim 1 : "
                          "tensor<?x33xf32>, tensor<?x33xf32> -> "
                          "tensor<?x66xf32>\n"));
}

/// Panels whose rows come from pieces that begin and end inside of them.
TEST(SingleKernel, PacksAConcatenation) {
  for (int64_t depth : {1, 16, 21, 100}) {
    const int64_t sizes[] = {1, 30, 47, 50, 3};
    std::string weights, names, biasNames, types, biasTypes;
    int64_t all = 0;
    for (int64_t size : sizes) {
      const int64_t n = all;
      // A convolution's weight, as the checkpoint has it.
      weights += fmt::format(
          "  %c{0} = dit.weight \"c{0}\" : tensor<{1}x{2}x1x1xf32>\n"
          "  %w{0} = dit.reshape %c{0} : tensor<{1}x{2}x1x1xf32> -> "
          "tensor<{1}x{2}xf32>\n"
          "  %b{0} = dit.weight \"b{0}\" : tensor<{1}xf32>\n",
          n, size, depth);
      names += fmt::format("{}%w{}", all ? ", " : "", n);
      biasNames += fmt::format("{}%b{}", all ? ", " : "", n);
      types += (all ? ", " : "") + tensorType({size, depth});
      biasTypes += (all ? ", " : "") + tensorType({size});
      all += size;
    }
    std::string x = tensorType({-1, 3, depth}), out = tensorType({-1, 3, all});
    expectAgreement(network(
        x, out,
        weights +
            fmt::format("  %w = dit.concat {} dim 0 : {} -> {}\n", names, types,
                        tensorType({all, depth})) +
            fmt::format("  %b = dit.concat {} dim 0 : {} -> {}\n", biasNames,
                        biasTypes, tensorType({all})) +
            fmt::format("  %out = dit.linear %x weight(%w) bias(%b) : ({}, {}, "
                        "{}) -> {}\n",
                        x, tensorType({all, depth}), tensorType({all}), out)));
  }
}

/// Sums and products of weights, of one shape and with a repeated rhs.
TEST(SingleKernel, PacksSumsOfWeights) {
  expectAgreement(network(
      "tensor<?x3x21xf32>", "tensor<?x3x59xf32>",
      "  %a = dit.weight \"a\" : tensor<20x21xf32>\n"
      "  %b = dit.weight \"b\" : tensor<39x21xf32>\n"
      "  %c = dit.weight \"c\" : tensor<59x21xf32>\n"
      "  %d = dit.weight \"d\" : tensor<21xf32>\n"
      "  %ab = dit.concat %a, %b dim 0 : tensor<20x21xf32>, tensor<39x21xf32> "
      "-> "
      "tensor<59x21xf32>\n"
      "  %abc = dit.add %ab, %c : tensor<59x21xf32>, tensor<59x21xf32>\n"
      "  %w = dit.mul %abc, %d : tensor<59x21xf32>, tensor<21xf32>\n"
      "  %out = dit.linear %x weight(%w) : (tensor<?x3x21xf32>, "
      "tensor<59x21xf32>) -> "
      "tensor<?x3x59xf32>\n"));
}

/// A copy is cut into units of 32 Ki elements.
TEST(SingleKernel, CopiesLargeTables) {
  expectAgreement(network("tensor<?x35x1001xf32>", "tensor<?x35x1001xf32>",
                          "  %w = dit.weight \"w\" : tensor<35x1001xf32>\n"
                          "  %out = dit.add %x, %w : tensor<?x35x1001xf32>, "
                          "tensor<35x1001xf32>\n"));
}

} // namespace
} // namespace dit::test
