// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Models whose regions are written in other ways: kernels know what they read
// by what the body says of it, not by where it stands.
#include "CompiledModel.h"
#include "test/passes/tool/PermuteRegions.h"

#include "runtime/cpu/CpuFeatures.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <map>

namespace dit::test {

namespace {

/// Digits, all four designs, and regions that turn q and k.
const std::string kBlock =
    "name: permuted\ndepth: 1\nwidth: 24\nheads: 3\npatch_size: 2\nclasses: "
    "5\nlatent: {channels: 3, height: 6, width: 10}\n";
const std::string kSpecs[] = {
    DIT_REPO "/model_specs/digits.yaml",
    kBlock,
    kBlock + "conditioning: adaln\n",
    kBlock + "conditioning: cross_attention\n",
    kBlock + "conditioning: in_context\n",
    kBlock + "position: rotary\ntimestep: {embedding: learned}\n"};

std::string permute(int seed, bool alias) {
  static const bool registered = (registerPermuteRegions(), true);
  (void)registered;
  return fmt::format("dit-test-permute-regions{{seed={} alias={}}}", seed,
                     alias ? 1 : 0);
}

/// Float32, and bfloat16 where it can run. Seed 8 leaves an attention two
/// operands, seed 2 orders them otherwise.
struct Way {
  std::string dtype;
  int seed;
};

std::vector<Way> ways() {
  if (runtime::thisCpu().features.contains("avx512_bf16"))
    return {{"f32", 8}, {"bf16", 2}};
  return {{"f32", 8}};
}

class PermutedRegions : public testing::TestWithParam<std::string> {};
class AliasedRegions : public testing::TestWithParam<std::string> {};

TEST_P(PermutedRegions, GiveTheSameBits) {
  std::map<std::string, std::vector<float>> plain; // by dtype
  for (auto [dtype, seed] : ways()) {
    TargetOptions options;
    options.dtype = dtype;
    CompiledModel model(GetParam(), options, {}, permute(seed, false));
    Inputs in = model.inputs(3);
    if (!plain.contains(dtype))
      plain[dtype] = CompiledModel(GetParam(), options).run(in);
    EXPECT_EQ(model.run(in), plain[dtype]) << dtype << ", seed " << seed;
  }
}

TEST_P(AliasedRegions, AgreeWithTheInterpreter) {
  for (auto [dtype, seed] : ways()) {
    TargetOptions options;
    options.dtype = dtype;
    CompiledModel model(GetParam(), options, {}, permute(seed, true));
    Inputs in = model.inputs(3);
    EXPECT_LT(relativeError(model.run(in), model.interpretPlanned(in)),
              dtype == "f32" ? kBudgetF32 : kBudgetBf16)
        << dtype << ", seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Designs, PermutedRegions, testing::ValuesIn(kSpecs));
// Digits without: the interpreter takes long for it.
INSTANTIATE_TEST_SUITE_P(Designs, AliasedRegions,
                         testing::ValuesIn(std::begin(kSpecs) + 1,
                                           std::end(kSpecs)));

} // namespace
} // namespace dit::test
