// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Whole runs of the hand-written network. Every step is compared with the
// formulas of semantics.md in double, from the state before it, so that a drift
// has a birthday.
#include "Fixture.h"

#include "runtime/sampling/Sampling.h"
#include "runtime/sampling/Timesteps.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace dit::runtime::test {
namespace {

const Patch noClip{"\"clip_x0\": true ", "\"clip_x0\": false"};
const Patch fixedLarge{"\"variance\": \"learned_range\"",
                       "\"variance\": \"fixed_large\"  "};
const Patch fixedSmall{"\"variance\": \"learned_range\"",
                       "\"variance\": \"fixed_small\"  "};
const Patch cosine{"\"linear\"        ", "\"squared_cosine\""};
const Patch quadratic{"\"linear\"        ", "\"quadratic\"     "};

constexpr int floatsOfX = 24;

/// One step in double, written from semantics.md, section 5, and nothing else.
class Reference {
public:
  Reference(const Manifest &m, const SampleRequest &r) : m(m), r(r) {
    std::vector<double> betas =
        makeBetas(m.diffusion.schedule, m.diffusion.steps,
                  m.diffusion.betaStart, m.diffusion.betaEnd);
    double bar = 1;
    std::vector<double> bars;
    for (double b : betas)
      bars.push_back(bar *= 1 - b);
    t = keptTimesteps(m.diffusion.steps, r.steps);
    for (int64_t kept : t)
      ab.push_back(bars[kept]);
  }

  int64_t size() const { return static_cast<int64_t>(t.size()); }

  std::vector<double> step(int64_t i, int64_t n, const float *x) const {
    int64_t k = size() - 1 - i;
    std::vector<double> out = guided(k, n, x);
    std::vector<float> noise(floatsOfX);
    CounterNoise(r.seed).normal(n, i, 0, noise);
    double bar = ab[k], previous = k > 0 ? ab[k - 1] : 1,
           beta = 1 - bar / previous;
    std::vector<double> next;
    std::vector<double> &before = x0Before[n];
    before.resize(floatsOfX);
    for (int e = 0; e < floatsOfX; ++e) {
      double eps = out[e], v = out[floatsOfX + e];
      double x0 = std::sqrt(1 / bar) * x[e] - std::sqrt(1 / bar - 1) * eps;
      if (m.diffusion.clipX0) {
        x0 = std::clamp(x0, -1.0, 1.0);
        eps = (x[e] - std::sqrt(bar) * x0) / std::sqrt(1 - bar);
      }
      double z = k == 0 ? 0 : noise[e];
      double x0Last = std::exchange(before[e], x0);
      next.push_back(r.sampler == "dpm++2m" ? dpm(x[e], x0, x0Last, k)
                     : r.sampler == "ddim"
                         ? ddim(x0, eps, z, bar, previous)
                         : ddpm(x[e], x0, v, z, k, bar, previous, beta));
    }
    return next;
  }

private:
  double ddpm(double x, double x0, double v, double z, int64_t k, double bar,
              double previous, double beta) const {
    double mean = beta * std::sqrt(previous) / (1 - bar) * x0 +
                  (1 - previous) * std::sqrt(1 - beta) / (1 - bar) * x;
    if (k == 0)
      return mean;
    double posterior = beta * (1 - previous) / (1 - bar);
    double f = (v + 1) / 2;
    double logVariance =
        m.diffusion.variance == "fixed_large" ? std::log(beta)
        : m.diffusion.variance == "fixed_small"
            ? std::log(posterior)
            : f * std::log(beta) + (1 - f) * std::log(posterior);
    return mean + std::exp(logVariance / 2) * z;
  }

  double dpm(double x, double x0, double x0Last, int64_t k) const {
    if (k == 0)
      return x0;
    auto lambda = [&](int64_t j) { return std::log(ab[j] / (1 - ab[j])) / 2; };
    double h = lambda(k - 1) - lambda(k), d = x0;
    if (k + 1 < size()) {
      double ratio = (lambda(k) - lambda(k + 1)) / h;
      d = (1 + 1 / (2 * ratio)) * x0 - 1 / (2 * ratio) * x0Last;
    }
    return std::sqrt((1 - ab[k - 1]) / (1 - ab[k])) * x +
           std::sqrt(ab[k - 1]) * (1 - std::exp(-h)) * d;
  }

  double ddim(double x0, double eps, double z, double bar,
              double previous) const {
    double sigma = r.eta * std::sqrt((1 - previous) / (1 - bar)) *
                   std::sqrt(1 - bar / previous);
    return x0 * std::sqrt(previous) +
           std::sqrt(std::max(0.0, 1 - previous - sigma * sigma)) * eps +
           sigma * z;
  }

  std::vector<double> guided(int64_t k, int64_t n, const float *x) const {
    std::vector<float> state(x, x + floatsOfX);
    auto time = static_cast<float>(t[k]);
    std::vector<float> c = weights.network(state, time, r.labels[n]);
    std::vector<float> u = weights.network(state, time, 3);
    std::vector<double> out(c.begin(), c.end());
    int64_t guided = r.guidanceChannels.value_or(2) * 12;
    if (r.guidanceInterval &&
        (t[k] < r.guidanceInterval->low || t[k] > r.guidanceInterval->high))
      return out;
    for (int64_t e = 0; e < guided; ++e)
      out[e] = u[e] + r.guidanceScale * (double{c[e]} - u[e]);
    double factor = r.guidanceRescale *
                        deviation({c.begin(), c.end()}, guided) /
                        deviation(out, guided) +
                    1 - r.guidanceRescale;
    for (int64_t e = 0; e < guided; ++e)
      out[e] *= factor;
    return out;
  }

  static double deviation(const std::vector<double> &v, int64_t count) {
    double sum = 0, squares = 0;
    for (int64_t e = 0; e < count; ++e) {
      sum += v[e];
      squares += v[e] * v[e];
    }
    double n = static_cast<double>(count);
    return std::sqrt(squares / n - sum / n * sum / n);
  }

  const Manifest &m;
  const SampleRequest &r;
  FakeWeights weights;
  std::vector<int64_t> t;
  std::vector<double> ab;
  mutable std::map<int64_t, std::vector<double>> x0Before; ///< of dpm++2m
};

struct Case {
  const char *name;
  std::vector<Patch> patches;
  std::string sampler, steps;
  double eta = 0, scale = 1;
  std::optional<int64_t> channels;
  std::optional<TimeInterval> interval = {};
  double rescale = 0;
};

void PrintTo(const Case &c, std::ostream *out) { *out << c.name; }

class Trajectory : public testing::TestWithParam<Case> {};

TEST_P(Trajectory, EveryStepFollowsTheFormulas) {
  const Case &c = GetParam();
  Folder folder;
  auto denoiser = makeFakeDenoiser(folder, 2, c.patches);
  SampleRequest r = defaultRequest(denoiser->manifest());
  r.labels = {0, 1, 2, 2, 3};
  r.sampler = c.sampler;
  r.steps = c.steps;
  r.eta = c.eta;
  r.guidanceScale = c.scale;
  r.guidanceChannels = c.channels;
  r.guidanceInterval = c.interval;
  r.guidanceRescale = c.rescale;
  r.seed = 77;
  r.batch = 2;
  Reference reference(denoiser->manifest(), r);

  std::vector<float> states;
  std::vector<int64_t> seen(r.labels.size(), 0);
  r.observe = [&](int64_t i, int64_t first, std::span<const float> x) {
    if (i < 0) {
      states.assign(x.begin(), x.end());
      for (size_t n = 0; n < r.labels.size(); ++n) {
        std::vector<float> noise(floatsOfX);
        CounterNoise(77).normal(static_cast<int64_t>(n), Noise::initial, 0,
                                noise);
        EXPECT_TRUE(
            std::equal(noise.begin(), noise.end(), x.begin() + n * floatsOfX));
      }
      return;
    }
    for (size_t at = 0; at < x.size(); at += floatsOfX) {
      int64_t n = first + static_cast<int64_t>(at) / floatsOfX;
      EXPECT_EQ(seen[n]++, i);
      float *state = states.data() + n * floatsOfX;
      std::vector<double> expected = reference.step(i, n, state);
      for (int e = 0; e < floatsOfX; ++e) {
        // Rounding in float32 of x and of terms as large as sqrt(1/ab) * x.
        double scale = 1 + std::fabs(expected[e]) + std::fabs(state[e]);
        double budget =
            4e-6 * scale * (denoiser->manifest().diffusion.clipX0 ? 1 : 200);
        ASSERT_NEAR(x[at + e], expected[e], budget)
            << "step " << i << " sample " << n << " element " << e;
        state[e] = x[at + e];
      }
    }
  };
  std::vector<float> result = sample(*denoiser, r);
  EXPECT_EQ(result, states);
  for (int64_t count : seen)
    EXPECT_EQ(count, reference.size());
}

INSTANTIATE_TEST_SUITE_P(
    Samplers, Trajectory,
    testing::Values(
        Case{"ddpm", {}, "ddpm", "10", 0, 1, {}},
        Case{"ddpm250", {}, "ddpm", "250", 0, 1, {}},
        Case{"ddpmNoClip", {noClip}, "ddpm", "25", 0, 1, {}},
        Case{"ddpmFixedLarge", {fixedLarge}, "ddpm", "10", 0, 1, {}},
        Case{"ddpmFixedSmall", {fixedSmall}, "ddpm", "10", 0, 1, {}},
        Case{"ddpmCosine", {cosine}, "ddpm", "20", 0, 1, {}},
        Case{"ddpmQuadratic", {quadratic}, "ddpm", "20", 0, 1, {}},
        Case{"ddpmGuided", {}, "ddpm", "10", 0, 4, {}},
        Case{"ddpmGuidedOneChannel", {}, "ddpm", "10", 0, 4, 1},
        Case{"ddpmScaleZero", {}, "ddpm", "10", 0, 0, {}},
        Case{"ddpmOneStep", {}, "ddpm", "1", 0, 1, {}},
        Case{"ddpmStrided", {}, "ddpm", "ddim20", 0, 1.5, {}},
        Case{"ddim", {}, "ddim", "10", 0, 1, {}},
        Case{"ddimNoClip", {noClip}, "ddim", "50", 0, 1, {}},
        Case{"ddimHalf", {}, "ddim", "10", 0.5, 1, {}},
        Case{"ddimFull", {}, "ddim", "20", 1, 2, {}},
        Case{"ddimCosine", {cosine}, "ddim", "50", 1, 2, 1},
        Case{"ddimInterval", {}, "ddim", "10", 0, 3, {}, {{111, 555}}},
        Case{"ddpmRescale", {}, "ddpm", "10", 0, 4, {}, {}, 0.7},
        Case{"ddpmRescaleOneChannel", {}, "ddpm", "10", 0, 4, 1, {{0, 600}}, 1},
        Case{"dpmFirstOrder", {}, "dpm++2m", "1", 0, 1, {}},
        Case{"dpm", {}, "dpm++2m", "10", 0, 1, {}},
        Case{"dpmGuided", {}, "dpm++2m", "25", 0, 3, {}},
        Case{"dpmCosine", {cosine}, "dpm++2m", "20", 0, 1, {}},
        Case{"ddimOneStep", {}, "ddim", "1", 1, 1, {}}),
    [](const auto &info) { return std::string(info.param.name); });

} // namespace
} // namespace dit::runtime::test
