// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// DDIM (Song et al., 2021): x' = sqrt(abp) * x0 + sqrt(1 - abp - sigma^2) * eps
// + [k != 0] * sigma * noise, with sigma proportional to eta.
#include "runtime/samplers/DiffusionSampler.h"

namespace dit::runtime {
namespace {

class Ddim : public DiffusionSampler {
public:
  explicit Ddim(const SamplerSettings &settings)
      : DiffusionSampler(settings), eta(static_cast<float>(settings.eta)) {}

  void update(int64_t i, const SampleState &s) const override {
    int64_t k = entryOf(i);
    X0Estimate estimate(schedule.alphaBar[k], diffusion.clipX0);
    auto bar = static_cast<float>(schedule.alphaBar[k]);
    auto previous = static_cast<float>(schedule.alphaBarPrevious[k]);
    float sigma = eta * std::sqrt((1 - previous) / (1 - bar)) *
                  std::sqrt(1 - bar / previous);
    float ofX0 = std::sqrt(previous);
    float ofEps = std::sqrt(std::max(0.0f, 1 - previous - sigma * sigma));
    auto count = static_cast<int64_t>(s.x.size());
    for (int64_t e = 0; e < count; ++e) {
      float x0 = estimate(s.x[e], s.prediction[e]);
      // The noise that goes with the x0 that is used, which clamping may have
      // moved.
      float eps = (estimate.ofX * s.x[e] - x0) / estimate.ofEps;
      s.x[e] = x0 * ofX0 + ofEps * eps;
    }
    if (k != 0 && sigma != 0)
      addNoise(i, sigma, s);
  }

private:
  static void addNoise(int64_t i, float sigma, const SampleState &s) {
    auto count = static_cast<int64_t>(s.x.size());
    float noise[block];
    for (int64_t first = 0; first < count; first += block) {
      int64_t n = std::min(block, count - first);
      s.noise.normal(s.sample, i, first, {noise, static_cast<size_t>(n)});
      for (int64_t e = 0; e < n; ++e)
        s.x[first + e] += sigma * noise[e];
    }
  }

  float eta;
};

} // namespace

std::unique_ptr<Sampler> makeDdim(const SamplerSettings &settings) {
  return std::make_unique<Ddim>(settings);
}

} // namespace dit::runtime
