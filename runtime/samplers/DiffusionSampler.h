// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the samplers of noise-predicting diffusion models share: the schedule
// walked from noisy to clean, and the estimate of x0.
#ifndef DIT_RUNTIME_SAMPLERS_DIFFUSIONSAMPLER_H
#define DIT_RUNTIME_SAMPLERS_DIFFUSIONSAMPLER_H

#include "runtime/samplers/Sampler.h"

#include <algorithm>
#include <cmath>

namespace dit::runtime {

/// x0 = sqrt(1/ab) * x - sqrt(1/ab - 1) * eps, clamped to [-1, 1] where the
/// model wants it. Tables are float64 and cast to float32 on use, states are
/// float32.
struct X0Estimate {
  float ofX, ofEps;
  bool clip;

  X0Estimate(double alphaBar, bool clip)
      : ofX(static_cast<float>(std::sqrt(1 / alphaBar))),
        ofEps(static_cast<float>(std::sqrt(1 / alphaBar - 1))), clip(clip) {}

  float operator()(float x, float eps) const {
    float x0 = ofX * x - ofEps * eps;
    return clip ? std::clamp(x0, -1.0f, 1.0f) : x0;
  }
};

/// Evaluation i is table entry k = size - 1 - i.
class DiffusionSampler : public Sampler {
protected:
  explicit DiffusionSampler(const SamplerSettings &settings)
      : schedule(makeSchedule(settings)), diffusion(settings.diffusion) {
    for (int64_t k = schedule.size(); k-- > 0;)
      evaluationTimes.push_back(static_cast<float>(schedule.timesteps[k]));
  }
  int64_t entryOf(int64_t evaluation) const {
    return schedule.size() - 1 - evaluation;
  }

  /// Elements whose noise is drawn at once.
  static constexpr int64_t block = 256;

  Schedule schedule;
  DiffusionDefaults diffusion;
};

} // namespace dit::runtime

#endif // DIT_RUNTIME_SAMPLERS_DIFFUSIONSAMPLER_H
