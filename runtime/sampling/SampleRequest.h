// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What somebody asks to be sampled, complete and not yet checked. Options.h
// lists its choices with their names, SamplingPlan.h is what becomes of it.
#ifndef DIT_RUNTIME_SAMPLING_SAMPLEREQUEST_H
#define DIT_RUNTIME_SAMPLING_SAMPLEREQUEST_H

#include "runtime/sampling/Conditions.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace dit::runtime {

struct TimeInterval {
  double low, high;
  bool operator==(const TimeInterval &) const = default;
};

struct SampleRequest {
  /// What samples may be told; empty: a class, and no more.
  std::shared_ptr<const Conditions> conditions;
  /// One a sample: the row of the conditions that it is told, of classes the
  /// class, or `classes` for none.
  std::vector<int32_t> labels;

  // How to sample: one line each in Options.cpp.
  std::string sampler;
  std::string steps;
  std::string spacing = "even"; ///< of the steps: Timesteps.h
  std::string timesteps;        ///< "999,750,500" instead of steps
  std::string sigmas;           ///< "1,0.75,0.5" instead of a flow's steps
  double eta = 0;
  double shift = 1;     ///< of a flow model
  std::string variance; ///< of ddpm
  bool clipX0 = false;
  double guidanceScale = 1;
  std::string guidanceFormula = "scale"; ///< whose scale it is: makeGuidance
  std::optional<int64_t>
      guidanceChannels; ///< the first so many; all when empty
  /// Timesteps that are guided, as the network is told them, both ends
  /// included; all when empty.
  std::optional<TimeInterval> guidanceInterval;
  double guidanceRescale = 0;  ///< Guidance::rescale
  std::string rng = "counter"; ///< the source of noise, by name
  uint64_t seed = 0;

  /// The number of the first sample in the noise: a part of a longer request
  /// has the same samples. Counter noise only.
  int64_t firstSample = 0;
  int64_t batch = 8; ///< samples an evaluation; does not change the result
  /// Condition rows kept at a time; one batch's rows of one step are the least.
  int64_t conditionBytes = int64_t{256} << 20;
  /// Samples times evaluations that are done and that there are; may be empty.
  std::function<void(int64_t done, int64_t total)> progress;
  /// The states (n, C, H, W) of samples [first, first + n) after evaluation i,
  /// or before the first (i = -1); may be empty.
  std::function<void(int64_t i, int64_t first, std::span<const float> x)>
      observe;
};

/// The request that a model's manifest makes its defaults, without labels.
SampleRequest defaultRequest(const Manifest &manifest);

} // namespace dit::runtime

#endif // DIT_RUNTIME_SAMPLING_SAMPLEREQUEST_H
