// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// DPM-Solver++(2M) (Lu et al., 2022): the second-order multistep solver of the
// probability flow in x0, whose last two estimates it extrapolates. With
// lambda = log(alpha / sigma), h the step in it and h' the step before:
// x' = sigma' / sigma * x - alpha' * (exp(-h) - 1) * D,
// D = x0 + h / (2 h') * (x0 - x0 of the evaluation before).
#include "runtime/samplers/DiffusionSampler.h"

namespace dit::runtime {
namespace {

class DpmSolver : public DiffusionSampler {
public:
  explicit DpmSolver(const SamplerSettings &settings)
      : DiffusionSampler(settings) {}

  int64_t historyDepth() const override { return 1; }

  void update(int64_t i, const SampleState &s) const override {
    int64_t k = entryOf(i);
    X0Estimate estimate(schedule.alphaBar[k], diffusion.clipX0);
    auto [ofX, ofX0, ofChange] = coefficients(k);
    auto count = static_cast<int64_t>(s.x.size());
    for (int64_t e = 0; e < count; ++e) {
      float x0 = estimate(s.x[e], s.prediction[e]);
      float extrapolated = x0 + ofChange * (x0 - s.history[e]);
      s.history[e] = x0;
      s.x[e] = ofX * s.x[e] + ofX0 * extrapolated;
    }
  }

private:
  struct Coefficients {
    float ofX, ofX0, ofChange;
  };

  /// The first step has no estimate before it. The last one ends without noise,
  /// where lambda is infinite, and its result is x0: both are of first order.
  Coefficients coefficients(int64_t k) const {
    if (k == 0)
      return {0, 1, 0};
    double bar = schedule.alphaBar[k], next = schedule.alphaBarPrevious[k];
    double h = lambda(next) - lambda(bar);
    double ofChange = 0;
    if (k + 1 < schedule.size())
      ofChange = h / (2 * (lambda(bar) - lambda(schedule.alphaBar[k + 1])));
    return {static_cast<float>(std::sqrt((1 - next) / (1 - bar))),
            static_cast<float>(-std::sqrt(next) * std::expm1(-h)),
            static_cast<float>(ofChange)};
  }

  static double lambda(double alphaBar) {
    return std::log(alphaBar / (1 - alphaBar)) / 2;
  }
};

} // namespace

std::unique_ptr<Sampler> makeDpmSolver(const SamplerSettings &settings) {
  return std::make_unique<DpmSolver>(settings);
}

} // namespace dit::runtime
