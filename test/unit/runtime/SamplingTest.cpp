// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Whole runs of the hand-written network: what must not change a result, what
// is not computed, and what is refused.
#include "Fixture.h"

#include "runtime/sampling/Options.h"
#include "runtime/sampling/Sampling.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace dit::runtime::test {
namespace {

std::unique_ptr<Denoiser> makeDenoiser(const Folder &folder,
                                       const std::vector<Patch> &patches,
                                       int threads = 2) {
  return makeFakeDenoiser(folder, threads, patches);
}

constexpr int floatsOfX = 24;

SampleRequest mixedRequest(const Manifest &m) {
  SampleRequest r = defaultRequest(m);
  r.labels = {2, 0, 1, 1, 3, 0, 2};
  r.guidanceScale = 2;
  r.seed = 5;
  return r;
}

TEST(Sampling, DoesNotDependOnThreadsBatchOrTable) {
  Folder folder;
  auto one = makeDenoiser(folder, {}, 1);
  SampleRequest r = mixedRequest(one->manifest());
  std::vector<float> expected = sample(*one, r);
  for (int threads : {1, 2, 5}) {
    auto denoiser = makeDenoiser(folder, {}, threads);
    for (int64_t batch : {1, 2, 3, 7, 100})
      for (int64_t tableBytes : {1, 40, 100, 1000000}) {
        r.batch = batch;
        r.conditionBytes = tableBytes;
        EXPECT_EQ(sample(*denoiser, r), expected)
            << threads << batch << tableBytes;
      }
  }
}

TEST(Sampling, ASampleDependsOnNoOther) {
  Folder folder;
  auto denoiser = makeDenoiser(folder, {});
  SampleRequest r = mixedRequest(denoiser->manifest());
  std::vector<float> all = sample(*denoiser, r);
  r.labels = {2, 1, 1};
  std::vector<float> some = sample(*denoiser, r);
  EXPECT_TRUE(std::equal(some.begin(), some.begin() + floatsOfX, all.begin()));
  EXPECT_FALSE(std::equal(some.begin() + floatsOfX,
                          some.begin() + 2 * floatsOfX,
                          all.begin() + floatsOfX));
  EXPECT_TRUE(std::equal(some.begin() + 2 * floatsOfX, some.end(),
                         all.begin() + 2 * floatsOfX));
}

/// A network that gives NaNs for the null label, which shows whether the
/// unconditional pass was computed.
class WithoutNull : public testing::Test {
protected:
  WithoutNull() {
    FakeWeights weights;
    weights.label[6] = weights.label[7] = NAN;
    writeFile(folder / "nan.safetensors", weights.file());
    auto artifact = std::make_shared<Artifact>(fakeArtifactPath());
    auto source = openWeights(folder / "nan.safetensors", artifact->manifest());
    denoiser = std::make_unique<Denoiser>(artifact, *source, 1);
    request = defaultRequest(artifact->manifest());
    request.labels = {0, 1, 2};
  }

  static bool isFinite(std::span<const float> values) {
    return std::all_of(values.begin(), values.end(),
                       [](float f) { return std::isfinite(f); });
  }

  Folder folder;
  std::unique_ptr<Denoiser> denoiser;
  SampleRequest request;
};

TEST_F(WithoutNull, ScaleOneComputesNoUnconditionalPass) {
  EXPECT_TRUE(isFinite(sample(*denoiser, request)));
  request.guidanceScale = 2;
  EXPECT_FALSE(isFinite(sample(*denoiser, request)));
}

// The step at which the states stop being finite shows where the pass began.
TEST_F(WithoutNull, OutsideTheIntervalThereIsNoUnconditionalPass) {
  request.batch = 2;
  request.steps = "10"; // 0, 111, ..., 888, 999
  request.guidanceScale = 2;
  auto firstBadStep = [&](TimeInterval interval) {
    int64_t step = 10;
    request.guidanceInterval = interval;
    request.observe = [&](int64_t i, int64_t, std::span<const float> x) {
      if (!isFinite(x))
        step = std::min(step, i);
    };
    sample(*denoiser, request);
    return step;
  };
  EXPECT_EQ(firstBadStep({0, 999}), 0);
  EXPECT_EQ(firstBadStep({0, 998}), 1);
  EXPECT_EQ(firstBadStep({200, 555}), 4);
  EXPECT_EQ(firstBadStep({333, 333}), 6);
  EXPECT_EQ(firstBadStep({0, 0}), 9);
}

TEST_F(WithoutNull, AnIntervalWithoutATimestepIsRefused) {
  request.steps = "10";
  request.guidanceScale = 2;
  for (TimeInterval interval : {TimeInterval{445, 554}, {-1, -0.5}}) {
    request.guidanceInterval = interval;
    EXPECT_EQ(errorOf([&] { sample(*denoiser, request); }),
              fmt::format("cfg_interval has no effect: none of the timesteps, "
                          "which are 0 to 999, lies in {},{}",
                          interval.low, interval.high));
  }
}

TEST(Sampling, AChoiceWithoutEffectIsRefused) {
  Folder folder;
  auto denoiser = makeDenoiser(folder, {});
  auto refusal = [&](std::function<void(SampleRequest &)> change) {
    SampleRequest r = defaultRequest(denoiser->manifest());
    r.labels = {0};
    change(r);
    return errorOf([&] { SamplingPlan(denoiser->manifest(), r); });
  };
  EXPECT_EQ(refusal([](auto &r) { r.eta = 0.5; }),
            "eta has no effect: it is of ddim, not of ddpm");
  EXPECT_EQ(refusal([](auto &r) { r.sampler = "ddim", r.eta = 0.5; }), "");
  EXPECT_EQ(
      refusal([](auto &r) { r.sampler = "ddim", r.variance = "fixed_small"; }),
      "variance has no effect: it is of ddpm, not of ddim");
  EXPECT_EQ(refusal([](auto &r) { r.variance = "fixed_small"; }), "");
  EXPECT_EQ(refusal([](auto &r) { r.guidanceRescale = 0.5; }),
            "cfg_rescale has no effect: there is no guidance with a cfg_scale "
            "of 1");
  EXPECT_EQ(refusal([](auto &r) { r.guidanceChannels = 1; }),
            "cfg_channels has no effect: there is no guidance with a cfg_scale "
            "of 1");
  EXPECT_EQ(refusal([](auto &r) { r.guidanceInterval = {0, 999}; }),
            "cfg_interval has no effect: there is no guidance with a cfg_scale "
            "of 1");
}

// No choice is forgotten on its way through C, or in the settings.
TEST(Sampling, EveryChoiceIsListedOnce) {
  std::set<std::string> names;
  for (const SamplingOption &o : samplingOptions()) {
    EXPECT_TRUE(names.insert(o.name).second) << o.name;
    EXPECT_EQ(o.flag().substr(0, 2), "--");
    EXPECT_EQ(o.flag().find('_'), std::string::npos);
  }
  EXPECT_TRUE(names.contains("cfg_rescale"));
}

TEST(Sampling, TorchsNoiseDoesNotDependOnThreadsOrBatch) {
  Folder folder;
  auto one = makeDenoiser(folder, {}, 1);
  SampleRequest r = mixedRequest(one->manifest());
  r.rng = "torch-cpu";
  std::vector<float> expected = sample(*one, r);
  for (auto [threads, batch] : {std::pair{1, 2}, {3, 3}, {5, 100}}) {
    r.batch = batch;
    r.conditionBytes = 40 * batch;
    EXPECT_EQ(sample(*makeDenoiser(folder, {}, threads), r), expected);
  }
  r.rng = "counter";
  EXPECT_NE(sample(*one, r), expected);
}

TEST(Sampling, TheConditionTableHoldsEachLabelOnce) {
  Folder folder;
  auto denoiser = makeDenoiser(folder, {});
  SampleRequest r = defaultRequest(denoiser->manifest());
  r.labels.assign(100, 1);
  // 100 samples and 10 steps of 12-byte rows: one label's rows fit in 120
  // bytes.
  r.conditionBytes = 120;
  EXPECT_EQ(sample(*denoiser, r).size(), 2400u);
  const Manifest &m = denoiser->manifest();
  EXPECT_EQ(samplingBytes(m, SamplingPlan(m, r)),
            100 * 96 + 8 * (96 + 96 + 192) + 4 * 96 + 120); // 4 are the rest
}

TEST(Sampling, ProgressEndsAtAll) {
  Folder folder;
  auto denoiser = makeDenoiser(folder, {});
  SampleRequest r = mixedRequest(denoiser->manifest());
  int64_t last = 0;
  r.progress = [&](int64_t done, int64_t total) {
    EXPECT_GT(done, last);
    EXPECT_EQ(total, 70);
    last = done;
  };
  sample(*denoiser, r);
  EXPECT_EQ(last, 70);
}

TEST(Sampling, ImpossibleRequestsAreFlagErrors) {
  Folder folder;
  auto denoiser = makeDenoiser(folder, {});
  const Manifest &m = denoiser->manifest();
  auto refused = [&](std::function<void(SampleRequest &)> change) {
    SampleRequest r = mixedRequest(m);
    change(r);
    EXPECT_THROW(sample(*denoiser, r), FlagError);
    return errorOf([&] { SamplingPlan(m, r); });
  };
  EXPECT_EQ(refused([](auto &r) { r.labels = {4}; }),
            "class 4 is outside 0 .. 2, the classes of 'arithmetic', and 3, no "
            "class");
  EXPECT_EQ(refused([](auto &r) { r.labels = {-1}; }).substr(0, 8), "class -1");
  EXPECT_EQ(refused([](auto &r) { r.labels = {}; }),
            "at least one class is needed");
  EXPECT_EQ(refused([](auto &r) { r.guidanceChannels = 3; }),
            "guidance must be of 1 to 2 channels or all, but is of 3");
  EXPECT_EQ(refused([](auto &r) { r.sampler = "rk4"; }),
            "there is no sampler 'rk4', but ddpm, ddim, dpm++2m, euler, heun");
  EXPECT_EQ(refused([](auto &r) { r.sampler = "euler"; }),
            "euler is for models that predict velocity, but this one predicts "
            "epsilon: use ddpm, ddim, dpm++2m");
  EXPECT_EQ(refused([](auto &r) { r.variance = "fixed"; }),
            "the variance must be learned_range, fixed_large or fixed_small, "
            "but is 'fixed'");
  EXPECT_EQ(refused([](auto &r) { r.shift = 3; }),
            "shift has no effect: it is for models that predict velocity, but "
            "'arithmetic' predicts epsilon");
  EXPECT_EQ(refused([](auto &r) { r.guidanceFormula = "cfg"; }),
            "the guidance formula must be scale or weight, but is 'cfg'");
  EXPECT_EQ(refused([](auto &r) { r.rng = "dice"; }),
            "there is no source of noise 'dice', but counter, torch-cpu, "
            "torch-cuda");
  EXPECT_EQ(refused([](auto &r) {
              r.rng = "torch-cpu";
              r.firstSample = 1;
            }),
            "torch-cpu noise is drawn for all samples at once, so a part of "
            "them cannot be sampled alone: use counter");
  EXPECT_EQ(refused([](auto &r) { r.guidanceInterval = {5, 2}; }),
            "the guidance interval must be two timesteps, the lower first, but "
            "is 5,2");
  EXPECT_NE(refused([](auto &r) { r.guidanceInterval = {0, NAN}; }), "");
  EXPECT_EQ(refused([](auto &r) { r.guidanceRescale = 1.5; }),
            "cfg_rescale must be from 0 to 1, but is 1.5");
  EXPECT_EQ(refused([](auto &r) { r.eta = 1.5; }),
            "eta must be from 0 to 1, but is 1.5");
  EXPECT_EQ(refused([](auto &r) { r.eta = NAN; }),
            "eta must be from 0 to 1, but is nan");
  EXPECT_NE(refused([](auto &r) { r.guidanceScale = NAN; }), "");
  EXPECT_NE(refused([](auto &r) { r.steps = "1001"; }), "");
  EXPECT_NE(refused([](auto &r) { r.batch = 0; }), "");
  auto plain = makeDenoiser(
      folder, {{"\"label_dropout\": true ", "\"label_dropout\": false"}});
  SampleRequest r = mixedRequest(plain->manifest());
  r.labels = {0};
  EXPECT_EQ(errorOf([&] { sample(*plain, r); }),
            "'arithmetic' was trained without label dropout, so it has no null "
            "class for "
            "a guidance scale of 2: use 1");
  r.guidanceFormula = "weight";
  EXPECT_EQ(errorOf([&] { sample(*plain, r); }),
            "'arithmetic' was trained without label dropout, so it has no null "
            "class for "
            "a guidance weight of 2: use 0");
}

} // namespace
} // namespace dit::runtime::test
