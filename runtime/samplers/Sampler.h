// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a sampler is: a table of network evaluations, and an update of one
// sample's state after each. One file a sampler; Samplers.cpp lists them.
#ifndef DIT_RUNTIME_SAMPLERS_SAMPLER_H
#define DIT_RUNTIME_SAMPLERS_SAMPLER_H

#include "runtime/Manifest.h"
#include "runtime/Noise.h"
#include "runtime/Schedule.h"

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace dit::runtime {

/// One sample after a network evaluation.
struct SampleState {
  std::span<float> x;                ///< (C, H, W), updated in place
  std::span<const float> prediction; ///< (C, H, W), guidance applied
  std::span<const float> variance;   ///< (C, H, W), or empty
  std::span<float> history; ///< kept between evaluations, zero at first
  const Noise &noise;
  int64_t sample; ///< its number in the request, for the noise
};

class Sampler {
public:
  virtual ~Sampler() = default;
  /// What the network is told as t at each evaluation, in order. A sampler that
  /// evaluates twice a step has two entries for it.
  const std::vector<float> &times() const { return evaluationTimes; }
  int64_t size() const { return static_cast<int64_t>(evaluationTimes.size()); }
  /// Floats of history a sample needs, as a multiple of its size.
  virtual int64_t historyDepth() const { return 0; }
  /// The state after evaluation `i`; a sample comes by its evaluations in
  /// order.
  virtual void update(int64_t i, const SampleState &state) const = 0;

protected:
  std::vector<float> evaluationTimes;
};

/// What a sampler is made from.
struct SamplerSettings {
  DiffusionDefaults diffusion; ///< of the model; the fields below override it
  std::string steps;           ///< "250", "ddim50"
  double eta = 0;
};

struct SamplerEntry {
  const char *name;
  const char *summary;
  std::unique_ptr<Sampler> (*make)(const SamplerSettings &settings);
};

/// All samplers, by name.
std::span<const SamplerEntry> samplers();

/// Throws a FlagError that lists the names when there is no such sampler.
std::unique_ptr<Sampler> makeSampler(const std::string &name,
                                     const SamplerSettings &settings);

/// The schedule that `settings` describe.
Schedule makeSchedule(const SamplerSettings &settings);

// One a file.
std::unique_ptr<Sampler> makeDdpm(const SamplerSettings &settings);
std::unique_ptr<Sampler> makeDdim(const SamplerSettings &settings);
std::unique_ptr<Sampler> makeDpmSolver(const SamplerSettings &settings);

} // namespace dit::runtime

#endif // DIT_RUNTIME_SAMPLERS_SAMPLER_H
