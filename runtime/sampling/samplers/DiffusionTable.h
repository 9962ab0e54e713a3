// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the samplers of diffusion models with betas share: the schedule
// walked from noisy to clean, and the estimate of x0. Everything is computed in
// float64 and rounded once, to the float32 of the table.
#ifndef DIT_RUNTIME_SAMPLING_SAMPLERS_DIFFUSIONTABLE_H
#define DIT_RUNTIME_SAMPLING_SAMPLERS_DIFFUSIONTABLE_H

#include "runtime/sampling/samplers/Mix.h"
#include "runtime/sampling/samplers/Sampler.h"

#include <cmath>

namespace dit::runtime {

/// The estimate of x0 at alpha_bar `bar` from what the model predicts: epsilon,
/// v = sqrt(bar) * epsilon - sqrt(1 - bar) * x0 (Salimans and Ho, 2022), or x0
/// itself.
inline void setEstimate(StepRow &row, const std::string &prediction,
                        double bar) {
  double ofX = std::sqrt(1 / bar), ofPrediction = -std::sqrt(1 / bar - 1);
  if (prediction == "v_prediction")
    ofX = std::sqrt(bar), ofPrediction = -std::sqrt(1 - bar);
  else if (prediction == "sample")
    ofX = 0, ofPrediction = 1;
  row.xToEstimate = static_cast<float>(ofX);
  row.predictionToEstimate = static_cast<float>(ofPrediction);
}

/// One row for each entry k of the schedule, the noisiest first, with the
/// estimate of x0; `fill(k, row)` does the rest.
template <typename F>
Sampler diffusionTable(const SamplerSettings &settings,
                       const Schedule &schedule, F fill) {
  Sampler table;
  for (int64_t k = schedule.size(); k-- > 0;) {
    StepRow row;
    setEstimate(row, settings.diffusion.prediction, schedule.alphaBar[k]);
    row.clips = settings.diffusion.clipX0;
    fill(k, row);
    table.times.push_back(static_cast<float>(schedule.timesteps[k]));
    table.rows.push_back(row);
  }
  return table;
}

} // namespace dit::runtime

#endif // DIT_RUNTIME_SAMPLING_SAMPLERS_DIFFUSIONTABLE_H
