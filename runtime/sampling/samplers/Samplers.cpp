// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The list of samplers.
#include "runtime/Error.h"
#include "runtime/sampling/Timesteps.h"
#include "runtime/sampling/samplers/Sampler.h"

#include <fmt/ranges.h>

namespace dit::runtime {

std::span<const SamplerEntry> samplers() {
  static constexpr SamplerEntry entries[] = {
      {"ddpm", "ancestral sampling, noise at every step", false, makeDdpm},
      {"ddim", "deterministic for eta 0, as noisy as ddpm for eta 1", false,
       makeDdim},
      {"dpm++2m", "DPM-Solver++(2M), deterministic, for 10 to 50 steps", false,
       makeDpmSolver},
      {"euler", "of flow models", true, makeEuler},
      {"heun", "of flow models, second order, two evaluations a step", true,
       makeHeun},
  };
  return entries;
}

static Sampler withGuidance(Sampler sampler, const SamplerSettings &settings) {
  for (StepRow &row : sampler.rows) {
    row.guidanceScale = static_cast<float>(settings.guidance.scale);
    row.guidanceRescale = static_cast<float>(settings.guidance.rescale);
    row.guidesFromConditional = settings.guidance.fromConditional;
    row.guidedChannels = static_cast<int32_t>(settings.guidedChannels);
  }
  return sampler;
}

Sampler makeSampler(const std::string &name, const SamplerSettings &settings) {
  const std::string &prediction = settings.diffusion.prediction;
  const bool isFlow = prediction == "velocity";
  std::vector<std::string_view> known, fitting;
  const SamplerEntry *found = nullptr;
  for (const SamplerEntry &entry : samplers()) {
    known.push_back(entry.name);
    if (isFlow == entry.isForFlows)
      fitting.push_back(entry.name);
    if (name == entry.name)
      found = &entry;
  }
  if (!found)
    failFlag("there is no sampler {}, but {}", inQuotes(name),
             fmt::join(known, ", "));
  if (isFlow != found->isForFlows)
    failFlag("{} is for models that predict {}, but this one predicts {}: use "
             "{}",
             name, isFlow ? "epsilon, v_prediction or sample" : "velocity",
             prediction, fmt::join(fitting, ", "));
  return withGuidance(found->make(settings), settings);
}

Schedule makeSchedule(const SamplerSettings &settings) {
  const DiffusionDefaults &d = settings.diffusion;
  std::vector<double> betas =
      makeBetas(d.schedule, d.steps, d.betaStart, d.betaEnd);
  if (d.zeroTerminalSnr)
    betas = withZeroTerminalSnr(std::move(betas));
  std::vector<int64_t> kept =
      settings.timesteps.empty()
          ? keptTimesteps(d.steps, settings.steps, settings.spacing)
          : listedTimesteps(d.steps, settings.timesteps);
  return respace(betas, std::move(kept));
}

} // namespace dit::runtime
