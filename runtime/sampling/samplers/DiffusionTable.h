// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the samplers of noise-predicting diffusion models share: the schedule
// walked from noisy to clean, and the estimate of x0. Everything is computed in
// float64 and rounded once, to the float32 of the table.
#ifndef DIT_RUNTIME_SAMPLING_SAMPLERS_DIFFUSIONTABLE_H
#define DIT_RUNTIME_SAMPLING_SAMPLERS_DIFFUSIONTABLE_H

#include "runtime/sampling/samplers/Mix.h"
#include "runtime/sampling/samplers/Sampler.h"

#include <cmath>

namespace dit::runtime {

/// One row for each entry k of the schedule, the noisiest first, with the
/// estimate x0 = sqrt(1/ab) * x - sqrt(1/ab - 1) * eps; `fill(k, row)` does the
/// rest.
template <typename F>
Sampler diffusionTable(const SamplerSettings &settings,
                       const Schedule &schedule, F fill) {
  Sampler table;
  for (int64_t k = schedule.size(); k-- > 0;) {
    StepRow row;
    double inverse = 1 / schedule.alphaBar[k];
    row.xToEstimate = static_cast<float>(std::sqrt(inverse));
    row.predictionToEstimate = static_cast<float>(-std::sqrt(inverse - 1));
    row.clips = settings.diffusion.clipX0;
    fill(k, row);
    table.times.push_back(static_cast<float>(schedule.timesteps[k]));
    table.rows.push_back(row);
  }
  return table;
}

} // namespace dit::runtime

#endif // DIT_RUNTIME_SAMPLING_SAMPLERS_DIFFUSIONTABLE_H
