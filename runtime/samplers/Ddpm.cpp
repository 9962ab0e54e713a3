// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// DDPM (Ho et al., 2020) with learned-range (Nichol and Dhariwal, 2021) or
// fixed variance: x' = mean + [k != 0] * exp(log var / 2) * noise.
#include "runtime/samplers/DiffusionSampler.h"

namespace dit::runtime {
namespace {

class Ddpm : public DiffusionSampler {
public:
  explicit Ddpm(const SamplerSettings &settings) : DiffusionSampler(settings) {
    for (int64_t k = 0; k < schedule.size(); ++k)
      logBeta.push_back(std::log(schedule.beta[k]));
  }

  void update(int64_t i, const SampleState &s) const override {
    int64_t k = entryOf(i);
    X0Estimate x0(schedule.alphaBar[k], diffusion.clipX0);
    auto c0 = static_cast<float>(schedule.posteriorX0[k]);
    auto cx = static_cast<float>(schedule.posteriorX[k]);
    auto count = static_cast<int64_t>(s.x.size());
    for (int64_t e = 0; e < count; ++e)
      s.x[e] = c0 * x0(s.x[e], s.prediction[e]) + cx * s.x[e];
    if (k != 0)
      addNoise(i, k, s);
  }

private:
  void addNoise(int64_t i, int64_t k, const SampleState &s) const {
    bool isLearned = diffusion.variance == "learned_range";
    auto low = static_cast<float>(schedule.posteriorLogVariance[k]);
    auto high = static_cast<float>(logBeta[k]);
    float fixed = deviation(diffusion.variance == "fixed_large" ? high : low);
    auto count = static_cast<int64_t>(s.x.size());
    float noise[block];
    for (int64_t first = 0; first < count; first += block) {
      int64_t n = std::min(block, count - first);
      s.noise.normal(s.sample, i, first, {noise, static_cast<size_t>(n)});
      for (int64_t e = 0; e < n; ++e) {
        float sigma = fixed;
        if (isLearned) {
          float fraction = (s.variance[first + e] + 1) / 2;
          sigma = deviation(fraction * high + (1 - fraction) * low);
        }
        s.x[first + e] += sigma * noise[e];
      }
    }
  }

  /// Computed in double, so that it is rounded once on every machine.
  static float deviation(float logVariance) {
    return static_cast<float>(
        std::exp(static_cast<double>(0.5f * logVariance)));
  }

  std::vector<double> logBeta;
};

} // namespace

std::unique_ptr<Sampler> makeDdpm(const SamplerSettings &settings) {
  return std::make_unique<Ddpm>(settings);
}

} // namespace dit::runtime
