// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a sampler is: a table, one row of numbers for each network evaluation.
// One file a sampler makes it; Samplers.cpp lists them, Step.h applies a row.
#ifndef DIT_RUNTIME_SAMPLING_SAMPLERS_SAMPLER_H
#define DIT_RUNTIME_SAMPLING_SAMPLERS_SAMPLER_H

#include "runtime/Manifest.h"
#include "runtime/sampling/Guidance.h"
#include "runtime/sampling/Schedule.h"
#include "runtime/sampling/samplers/StepRow.h"

#include <span>
#include <string>
#include <vector>

namespace dit::runtime {

/// A sampler that evaluates twice a step has two entries for it.
struct Sampler {
  std::vector<float> times; ///< what the network is told as t
  std::vector<StepRow> rows;
  int64_t historyDepth =
      0; ///< values kept for each element of a sample: 0 to 2

  int64_t size() const { return static_cast<int64_t>(times.size()); }
};

/// Whether a row reads noise.
inline bool drawsNoise(const StepRow &row) {
  return row.learnsVariance != 0 || row.sigma != 0;
}

/// What a sampler is made from.
struct SamplerSettings {
  DiffusionDefaults diffusion; ///< of the model; the fields below override it
  std::string steps;           ///< "250", "ddim50"; "50" of a flow model
  double eta = 0;
  Guidance guidance = {}; ///< of the first `guidedChannels` channels
  int64_t guidedChannels = 0;
  std::string spacing = "even"; ///< of the steps: Timesteps.h
  std::string timesteps;        ///< "999,750,500" instead of steps
  std::string sigmas;           ///< "1,0.75,0.5" instead of a flow's steps
};

struct SamplerEntry {
  const char *name;
  const char *summary;
  bool isForFlows; ///< for models that predict a velocity, else for all others
  Sampler (*make)(const SamplerSettings &settings);
};

/// All samplers, by name.
std::span<const SamplerEntry> samplers();

/// Throws a FlagError that lists the names when there is no such sampler, or
/// when it is not for what the model predicts.
Sampler makeSampler(const std::string &name, const SamplerSettings &settings);

/// Most steps of a flow model.
inline constexpr int64_t maxFlowSteps = 100'000;

/// The schedule that `settings` describe, of a model that is no flow.
Schedule makeSchedule(const SamplerSettings &settings);

// One a file.
Sampler makeDdpm(const SamplerSettings &settings);
Sampler makeDdim(const SamplerSettings &settings);
Sampler makeDpmSolver(const SamplerSettings &settings);
Sampler makeEuler(const SamplerSettings &settings);
Sampler makeHeun(const SamplerSettings &settings);

} // namespace dit::runtime

#endif // DIT_RUNTIME_SAMPLING_SAMPLERS_SAMPLER_H
