// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The list of samplers.
#include "runtime/Error.h"
#include "runtime/samplers/Sampler.h"

namespace dit::runtime {

std::span<const SamplerEntry> samplers() {
  static constexpr SamplerEntry entries[] = {
      {"ddpm", "ancestral sampling, noise at every step", makeDdpm},
      {"ddim", "deterministic for eta 0, as noisy as ddpm for eta 1", makeDdim},
      {"dpm++2m", "DPM-Solver++(2M), deterministic, for 10 to 50 steps",
       makeDpmSolver},
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
  std::string known;
  for (const SamplerEntry &entry : samplers()) {
    if (name == entry.name)
      return withGuidance(entry.make(settings), settings);
    known += known.empty() ? entry.name : std::string(", ") + entry.name;
  }
  failFlag("there is no sampler {}, but {}", inQuotes(name), known);
}

Schedule makeSchedule(const SamplerSettings &settings) {
  const DiffusionDefaults &d = settings.diffusion;
  return respace(makeBetas(d.schedule, d.steps, d.betaStart, d.betaEnd),
                 keptTimesteps(d.steps, settings.steps));
}

} // namespace dit::runtime
