// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Samplers of flow models: the order of their errors against a solution in
// closed form, every evaluation of whole runs against the method written in the
// model's own time, and how models say what their time and velocity are.
#include "Fixture.h"

#include "runtime/sampling/Sampling.h"
#include "runtime/sampling/samplers/Step.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace dit::runtime::test {
namespace {

/// A flow model as the manifest has it.
SamplerSettings flow(const char *steps, double shift = 1) {
  SamplerSettings settings;
  settings.diffusion.prediction = "velocity";
  settings.diffusion.shift = shift;
  settings.steps = steps;
  return settings;
}

/// The velocity noise - data, expected at x and level s, where data is normal
/// with deviation `c`: linear in x.
double velocity(double x, double s, double c) {
  double variance = (1 - s) * (1 - s) * c * c + s * s;
  return x * (s - (1 - s) * c * c) / variance;
}

/// Where the sampler takes x = 1 from noise to data, the network being exact.
double solved(const char *name, const SamplerSettings &settings, double c) {
  Sampler sampler = makeSampler(name, settings);
  const DiffusionDefaults &d = settings.diffusion;
  CounterNoise noise(0);
  float x = 1;
  std::vector<float> history(sampler.historyDepth, NAN);
  for (int64_t i = 0; i < sampler.size(); ++i) {
    double t = sampler.times[i] / d.timeScale;
    double v = velocity(x, d.noiseAt == 1 ? t : 1 - t, c);
    auto prediction = static_cast<float>(d.velocityToNoise ? v : -v);
    applyStep(sampler.rows[i], i,
              {{&x, 1}, {&prediction, 1}, {}, history, noise, 0});
  }
  return x;
}

// A normal distribution flows into another: the exact solution scales x by the
// quotient of their deviations.
TEST(Flow, ErrorsHaveTheMethodsOrders) {
  const double c = 0.5;
  for (double shift : {1.0, 3.0})
    for (int noiseAt : {0, 1})
      for (bool toNoise : {false, true})
        for (double scale : {1.0, 1000.0}) {
          auto order = [&](const char *name) {
            double errors[2];
            for (int i : {0, 1}) {
              SamplerSettings settings = flow(i == 0 ? "32" : "64", shift);
              settings.diffusion.noiseAt = noiseAt;
              settings.diffusion.velocityToNoise = toNoise;
              settings.diffusion.timeScale = scale;
              errors[i] = std::fabs(solved(name, settings, c) - c);
            }
            return std::log2(errors[0] / errors[1]);
          };
          EXPECT_NEAR(order("euler"), 1, 0.08);
          EXPECT_NEAR(order("heun"), 2, 0.15);
        }
}

TEST(Flow, AStraightLineIsFollowedExactly) {
  // All data is 0: v = x / s, whose solution is a line through 0.
  for (const char *steps : {"1", "2", "3", "50"}) {
    EXPECT_EQ(solved("euler", flow(steps), 0), 0) << steps;
    EXPECT_NEAR(solved("heun", flow(steps), 0), 0, 1e-7) << steps;
  }
}

TEST(Flow, TheNetworkIsToldTheModelsTime) {
  SamplerSettings settings = flow("4");
  EXPECT_EQ(makeSampler("euler", settings).times,
            (std::vector<float>{1, 0.75f, 0.5f, 0.25f}));
  EXPECT_EQ(makeSampler("heun", settings).times,
            (std::vector<float>{1, 0.75f, 0.75f, 0.5f, 0.5f, 0.25f, 0.25f}));
  settings.diffusion.noiseAt = 0;
  EXPECT_EQ(makeSampler("euler", settings).times,
            (std::vector<float>{0, 0.25f, 0.5f, 0.75f}));
  settings.diffusion.timeScale = 1000;
  EXPECT_EQ(makeSampler("euler", settings).times,
            (std::vector<float>{0, 250, 500, 750}));
  settings.diffusion.noiseAt = 1;
  settings.diffusion.shift = 3; // 3 s / (1 + 2 s)
  EXPECT_EQ(makeSampler("euler", settings).times,
            (std::vector<float>{1000, 900, 750, 500}));
}

TEST(Flow, ImpossibleSettingsAreFlagErrors) {
  for (const char *steps : {"0", "-1", "ddim10", "5x", "", "100001"})
    EXPECT_EQ(errorOf([&] { makeSampler("heun", flow(steps)); }),
              std::string("the number of steps of a flow model must be an "
                          "integer from 1 to 100000, but is '") +
                  steps + "'");
  EXPECT_EQ(
      errorOf([] { makeSampler("ddim", flow("5")); }),
      "ddim is for models that predict epsilon, v_prediction or sample, but "
      "this one predicts "
      "velocity: use euler, heun");
}

const Patch isFlow{"\"epsilon\" ", "\"velocity\""};
const Patch noiseAtZero{"\"noise_at\": 1", "\"noise_at\": 0"};
const Patch toData{"\"to_noise\"", "\"to_data\" "};
const Patch told1000{"\"time_scale\": 1.0   ", "\"time_scale\": 1000.0"};
const Patch shifted{"\"shift\": 1.0", "\"shift\": 2.5"};
const Patch noClip{"\"clip_x0\": true ", "\"clip_x0\": false"};

constexpr int floatsOfX = 24;

/// One evaluation in double, in the time of the model.
class Reference {
public:
  Reference(const Manifest &m, const SampleRequest &r) : d(m.diffusion), r(r) {
    double steps = std::stod(r.steps);
    double shift = r.shift;
    for (double i = 0; i <= steps; ++i) {
      double s = 1 - i / steps;
      s = shift * s / (1 + (shift - 1) * s);
      t.push_back(d.noiseAt == 1 ? s : 1 - s);
    }
  }

  int64_t evaluations() const {
    auto steps = static_cast<int64_t>(t.size()) - 1;
    return r.sampler == "heun" ? 2 * steps - 1 : steps;
  }

  std::vector<double> step(int64_t i, int64_t n, const float *x) {
    bool isHeun = r.sampler == "heun", isSecond = isHeun && i % 2 == 1;
    size_t from = static_cast<size_t>(isHeun ? i / 2 : i);
    double dt = t[from + 1] - t[from];
    std::vector<double> slopes = slopesAt(t[from + isSecond], n, x), next;
    for (int e = 0; e < floatsOfX; ++e)
      next.push_back(isSecond
                         ? begin[n][e] + dt * (before[n][e] + slopes[e]) / 2
                         : x[e] + dt * slopes[e]);
    if (!isSecond) {
      begin[n].assign(x, x + floatsOfX);
      before[n] = slopes;
    }
    return next;
  }

private:
  /// dx/dt, after guidance, where x0 is clamped.
  std::vector<double> slopesAt(double time, int64_t n, const float *x) const {
    std::vector<float> state(x, x + floatsOfX);
    auto told = static_cast<float>(d.timeScale * time);
    std::vector<float> c = weights.network(state, told, r.labels[n]);
    std::vector<float> u = weights.network(state, told, 3);
    double scale = r.guidanceScale + (r.guidanceFormula == "weight" ? 1 : 0);
    double s = d.noiseAt == 1 ? time : 1 - time;
    std::vector<double> slopes;
    for (int e = 0; e < floatsOfX; ++e) {
      double p = e < 12 * r.guidanceChannels.value_or(2)
                     ? u[e] + scale * (double{c[e]} - u[e])
                     : c[e];
      double toNoise = d.velocityToNoise ? p : -p;
      if (d.clipX0)
        toNoise = (x[e] - std::clamp(x[e] - s * toNoise, -1.0, 1.0)) / s;
      slopes.push_back(d.noiseAt == 1 ? toNoise : -toNoise);
    }
    return slopes;
  }

  const DiffusionDefaults &d;
  const SampleRequest &r;
  FakeWeights weights;
  std::vector<double> t;
  std::map<int64_t, std::vector<double>> begin, before; ///< of Heun's steps
};

struct Case {
  const char *name;
  std::vector<Patch> patches;
  std::string sampler, steps;
  double scale = 1;
  std::optional<int64_t> channels = {};
  std::string formula = "scale";
  std::optional<double> shift = {};
};

void PrintTo(const Case &c, std::ostream *out) { *out << c.name; }

class FlowTrajectory : public testing::TestWithParam<Case> {};

TEST_P(FlowTrajectory, EveryEvaluationFollowsTheMethod) {
  const Case &c = GetParam();
  Folder folder;
  std::vector<Patch> patches = c.patches;
  patches.push_back(isFlow);
  auto denoiser = makeFakeDenoiser(folder, 2, patches);
  SampleRequest r = defaultRequest(denoiser->manifest());
  r.labels = {0, 1, 2, 2, 3};
  r.sampler = c.sampler;
  r.steps = c.steps;
  r.guidanceScale = c.scale;
  r.guidanceChannels = c.channels;
  r.guidanceFormula = c.formula;
  r.shift = c.shift.value_or(r.shift);
  r.batch = 2;
  Reference reference(denoiser->manifest(), r);
  std::vector<float> states;
  int64_t seen = 0;
  r.observe = [&](int64_t i, int64_t first, std::span<const float> x) {
    if (i < 0) {
      states.assign(x.begin(), x.end());
      return;
    }
    for (size_t at = 0; at < x.size(); at += floatsOfX, ++seen) {
      int64_t n = first + static_cast<int64_t>(at) / floatsOfX;
      float *state = states.data() + n * floatsOfX;
      std::vector<double> expected = reference.step(i, n, state);
      for (int e = 0; e < floatsOfX; ++e) {
        double scale = 1 + std::fabs(expected[e]) + std::fabs(state[e]);
        ASSERT_NEAR(x[at + e], expected[e], 4e-6 * scale)
            << "evaluation " << i << " sample " << n << " element " << e;
        state[e] = x[at + e];
      }
    }
  };
  sample(*denoiser, r);
  EXPECT_EQ(seen, 5 * reference.evaluations());
}

INSTANTIATE_TEST_SUITE_P(
    Samplers, FlowTrajectory,
    testing::Values(
        Case{"euler", {noClip}, "euler", "10"},
        Case{"eulerOneStep", {noClip}, "euler", "1"},
        Case{"eulerClipped", {}, "euler", "10"},
        Case{"eulerToData", {noClip, toData}, "euler", "10"},
        Case{"eulerShifted", {noClip, shifted}, "euler", "10"},
        Case{"eulerShiftedByTheFlag",
             {noClip, shifted},
             "euler",
             "10",
             1,
             {},
             "scale",
             0.4},
        Case{"eulerGuided", {noClip, told1000}, "euler", "10", 3, 1},
        Case{"eulerSecondFormula", {noClip}, "euler", "10", 3, {}, "weight"},
        Case{"heun", {noClip}, "heun", "10"},
        Case{"heunOneStep", {noClip}, "heun", "1"},
        Case{"heunClipped", {}, "heun", "10"},
        // As SiT has it: noise at 0, the velocity is data - noise.
        Case{"heunNoiseAtZero", {noClip, noiseAtZero, toData}, "heun", "10"},
        Case{"heunOddPair", {noClip, noiseAtZero, told1000}, "heun", "7"},
        Case{"heunGuidedClippedShifted",
             {shifted},
             "heun",
             "10",
             2,
             {},
             "weight"}),
    [](const auto &info) { return std::string(info.param.name); });

// u + s (c - u) = c + (s - 1) (c - u), and what needs no second pass has none.
TEST(Guidance, BothFormulasAgree) {
  Folder folder;
  auto denoiser = makeFakeDenoiser(folder, 1);
  SampleRequest r = defaultRequest(denoiser->manifest());
  r.labels = {0, 1, 2};
  r.guidanceScale = 2.5;
  r.guidanceRescale = 0.3;
  std::vector<float> scale = sample(*denoiser, r);
  r.guidanceFormula = "weight";
  EXPECT_NE(sample(*denoiser, r), scale);
  r.guidanceScale = 1.5;
  std::vector<float> weight = sample(*denoiser, r);
  for (size_t i = 0; i < scale.size(); ++i)
    EXPECT_NEAR(weight[i], scale[i], 1e-5);
  r.guidanceScale = 0;
  r.guidanceRescale = 0;
  EXPECT_FALSE(SamplingPlan(denoiser->manifest(), r).isGuided(0));
  std::vector<float> none = sample(*denoiser, r);
  r.guidanceFormula = "scale";
  EXPECT_TRUE(SamplingPlan(denoiser->manifest(), r).isGuided(0));
  r.guidanceScale = 1;
  EXPECT_EQ(sample(*denoiser, r), none);
}

} // namespace
} // namespace dit::runtime::test
