// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Every step of whole runs against diffusers' schedulers: predictions, betas,
// zero terminal SNR, spacings. The numbers are of
// test/golden/make_scheduler_goldens.py.
#include "runtime/sampling/Timesteps.h"
#include "runtime/sampling/samplers/Sampler.h"
#include "runtime/sampling/samplers/Step.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <sstream>

namespace dit::runtime::test {
namespace {

/// sin(1 + step).
struct Sines : Noise {
  void normal(int64_t, int64_t step, int64_t,
              std::span<float> out) const override {
    for (float &value : out)
      value = static_cast<float>(std::sin(1 + static_cast<double>(step)));
  }
};

SamplerSettings settingsOf(const std::string &prediction,
                           const std::string &schedule, bool zero) {
  SamplerSettings settings;
  DiffusionDefaults &d = settings.diffusion;
  d.prediction = prediction;
  d.steps = 1000;
  d.schedule = schedule;
  d.betaStart = schedule == "scaled_linear" ? 0.00085 : 1e-4;
  d.betaEnd = schedule == "scaled_linear" ? 0.012 : 0.02;
  d.zeroTerminalSnr = zero;
  d.variance = "fixed_small";
  return settings;
}

TEST(Schedulers, AreDiffusersAtEveryStep) {
  std::ifstream file(DIT_REPO "/test/golden/schedulers.txt");
  int runs = 0;
  for (std::string line; std::getline(file, line); ++runs) {
    std::istringstream in(line);
    std::string name, prediction, schedule, spacing;
    bool zero;
    double eta;
    int64_t steps;
    in >> name >> prediction >> schedule >> zero >> spacing >> eta >> steps;
    SamplerSettings settings = settingsOf(prediction, schedule, zero);
    settings.eta = eta;
    settings.steps = std::to_string(steps);
    if (spacing.find(',') != std::string::npos)
      settings.timesteps = spacing;
    else
      settings.spacing = spacing;
    Sampler sampler = makeSampler(name, settings);
    ASSERT_EQ(sampler.size(), steps) << line;
    float x = 0.7f;
    std::vector<float> history(sampler.historyDepth, NAN);
    double largest = 1;
    for (int64_t i = 0; i < steps; ++i) {
      auto p =
          static_cast<float>(0.6 * x + 0.5 * std::cos(sampler.times[i] / 300));
      applyStep(sampler.rows[i], i,
                {{&x, 1}, {&p, 1}, {}, history, Sines(), 0});
      double expected;
      in >> expected;
      // diffusers keeps alpha_bar in float32.
      largest = std::max(largest, std::fabs(expected));
      ASSERT_NEAR(x, expected, 1e-5 * largest)
          << line.substr(0, 60) << ": step " << i;
    }
  }
  EXPECT_EQ(runs, 63);
}

// The first timestep keeps its alpha_bar, the last one has none; between them
// sqrt(alpha_bar) is moved and stretched.
TEST(Schedulers, ZeroTerminalSnrReachesNoiseAlone) {
  std::vector<double> betas = makeBetas("linear", 1000, 1e-4, 0.02);
  std::vector<double> rescaled = withZeroTerminalSnr(betas);
  EXPECT_NEAR(rescaled.front(), 1e-4, 1e-12);
  EXPECT_EQ(rescaled.back(), 1);
  std::vector<int64_t> all(1000);
  for (int64_t t = 0; t < 1000; ++t)
    all[t] = t;
  Schedule before = respace(betas, all), after = respace(rescaled, all);
  double first = std::sqrt(before.alphaBar[0]);
  double last = std::sqrt(before.alphaBar[999]);
  EXPECT_EQ(after.alphaBar[999], 0);
  for (int64_t t : {1, 250, 500, 998})
    EXPECT_NEAR(std::sqrt(after.alphaBar[t]),
                (std::sqrt(before.alphaBar[t]) - last) * first / (first - last),
                1e-9);
}

} // namespace
} // namespace dit::runtime::test
