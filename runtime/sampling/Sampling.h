// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From labels and a seed to samples: batches, guidance, condition tables in
// chunks of steps.
#ifndef DIT_RUNTIME_SAMPLING_SAMPLING_H
#define DIT_RUNTIME_SAMPLING_SAMPLING_H

#include "runtime/Denoiser.h"
#include "runtime/sampling/Noise.h"
#include "runtime/sampling/samplers/Sampler.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace dit::runtime {

struct TimeInterval {
  double low, high;
};

struct SampleRequest {
  std::vector<int32_t> labels; ///< one a sample; `classes` is the null label
  std::string sampler;
  std::string steps;
  double eta = 0;
  std::optional<std::string> variance; ///< of ddpm; the model's when empty
  std::optional<bool> clipX0;          ///< the model's when empty
  std::optional<double> shift; ///< of a flow model; the model's when empty
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

/// Throws a FlagError for a formula that does not exist.
Guidance guidanceOf(const SampleRequest &request);

/// The noise of a request.
NoiseSettings noiseSettings(const Manifest &manifest,
                            const SampleRequest &request);

/// What the request's sampler is made from: makeSampler(request.sampler, ...).
SamplerSettings samplerSettings(const Manifest &manifest,
                                const SampleRequest &request);

/// Whether the null label is evaluated at timestep `t`: nowhere when the scale
/// is that of no guidance.
bool isGuidedAt(const SampleRequest &request, double t);

/// Throws a FlagError for a label the model does not have.
void checkLabels(const Manifest &manifest, std::span<const int32_t> labels);

/// Throws a FlagError for what the model cannot do, before anything long
/// starts.
void checkRequest(const Manifest &manifest, const SampleRequest &request);

/// Bytes that sampling takes beside the packed weights: workspace, states,
/// table.
int64_t samplingBytes(const Manifest &manifest, const SampleRequest &request);

/// What a request leaves to the next one with the same Denoiser, which must
/// outlive it. For one thread at a time.
class SamplingMemory {
public:
  virtual ~SamplingMemory() = default;
};

/// The samples (N, C, H, W) as the sampler left them. Sample n depends on the
/// seed, n and its label, on no other sample, unless `rng` is torch's. With
/// `memory`, which begins as null, a GPU keeps its graphs of steps there, and
/// takes them again for requests of the same batches.
std::vector<float> sample(Denoiser &denoiser, const SampleRequest &request);
std::vector<float> sample(Denoiser &denoiser, const SampleRequest &request,
                          std::unique_ptr<SamplingMemory> &memory);

} // namespace dit::runtime

#endif // DIT_RUNTIME_SAMPLING_SAMPLING_H
