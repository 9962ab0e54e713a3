// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Noise levels, and the conventions by which a network is asked at one.
#include "runtime/sampling/samplers/FlowTable.h"

#include "runtime/Error.h"
#include "runtime/sampling/Timesteps.h"

#include <charconv>

namespace dit::runtime {

static int64_t parseSteps(const std::string &text) {
  int64_t steps = 0;
  const char *end = text.data() + text.size();
  auto [at, problem] = std::from_chars(text.data(), end, steps);
  if (problem != std::errc() || at != end || steps < 1 || steps > maxFlowSteps)
    failFlag("the number of steps of a flow model must be an integer from 1 to "
             "{}, but is {}",
             maxFlowSteps, inQuotes(text));
  return steps;
}

std::vector<double> noiseLevels(const SamplerSettings &settings) {
  if (!settings.sigmas.empty())
    return listedSigmas(settings.sigmas);
  int64_t steps = parseSteps(settings.steps);
  double shift = settings.diffusion.shift;
  std::vector<double> levels;
  for (int64_t i = 0; i <= steps; ++i) {
    double s = static_cast<double>(steps - i) / static_cast<double>(steps);
    levels.push_back(shift * s / (1 + (shift - 1) * s));
  }
  return levels;
}

StepRow &addEvaluation(Sampler &table, const SamplerSettings &settings,
                       double s) {
  const DiffusionDefaults &d = settings.diffusion;
  double t = d.noiseAt == 1 ? s : 1 - s;
  table.times.push_back(static_cast<float>(d.timeScale * t));
  StepRow &row = table.rows.emplace_back();
  row.xToEstimate = 1;
  row.predictionToEstimate = static_cast<float>(d.velocityToNoise ? -s : s);
  row.clips = d.clipX0;
  return row;
}

} // namespace dit::runtime
