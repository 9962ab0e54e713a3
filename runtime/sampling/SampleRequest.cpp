// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A request's defaults, its limits and its memory.
#include "runtime/Error.h"
#include "runtime/cuda/StepRunner.h"
#include "runtime/sampling/Sampling.h"
#include "runtime/sampling/TorchCpuNoise.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace dit::runtime {

SampleRequest defaultRequest(const Manifest &manifest) {
  SampleRequest request;
  request.sampler = manifest.diffusion.sampler;
  request.steps = std::to_string(manifest.diffusion.sampleSteps);
  request.eta = manifest.diffusion.eta;
  request.guidanceScale = manifest.guidance.scale;
  request.guidanceFormula = manifest.guidance.formula;
  request.guidanceChannels = manifest.guidance.channels;
  return request;
}

Guidance guidanceOf(const SampleRequest &request) {
  return makeGuidance(request.guidanceFormula, request.guidanceScale,
                      request.guidanceRescale);
}

NoiseSettings noiseSettings(const Manifest &manifest,
                            const SampleRequest &request) {
  return {request.seed, static_cast<int64_t>(request.labels.size()),
          manifest.sampleFloats(), !guidanceOf(request).isNone()};
}

SamplerSettings samplerSettings(const Manifest &manifest,
                                const SampleRequest &request) {
  DiffusionDefaults diffusion = manifest.diffusion;
  diffusion.variance = request.variance.value_or(diffusion.variance);
  diffusion.clipX0 = request.clipX0.value_or(diffusion.clipX0);
  diffusion.shift = request.shift.value_or(diffusion.shift);
  return {diffusion, request.steps, request.eta, guidanceOf(request),
          request.guidanceChannels.value_or(manifest.channels)};
}

bool isGuidedAt(const SampleRequest &request, double t) {
  const std::optional<TimeInterval> &interval = request.guidanceInterval;
  return !guidanceOf(request).isNone() &&
         (!interval || (interval->low <= t && t <= interval->high));
}

void checkLabels(const Manifest &manifest, std::span<const int32_t> labels) {
  int64_t highest = manifest.classes - (manifest.labelDropout ? 0 : 1);
  for (int32_t label : labels)
    if (label < 0 || label > highest)
      failFlag("class {} is outside 0 .. {}, the classes of {}{}", label,
               manifest.classes - 1, inQuotes(manifest.name),
               manifest.labelDropout
                   ? fmt::format(", and {}, no class", manifest.classes)
                   : "");
}

/// What the request says of the model otherwise than its manifest does.
static void checkOverrides(const Manifest &manifest,
                           const SampleRequest &request) {
  if (request.variance && *request.variance != "fixed_large" &&
      *request.variance != "fixed_small" &&
      *request.variance != "learned_range")
    failFlag("the variance must be learned_range, fixed_large or fixed_small, "
             "but is {}",
             inQuotes(*request.variance));
  if (request.variance == "learned_range" && !manifest.learnSigma)
    failFlag("{} does not learn its variance: use fixed_large or fixed_small",
             inQuotes(manifest.name));
  if (!request.shift)
    return;
  if (manifest.diffusion.prediction != "velocity")
    failFlag("a shift is for models that predict velocity, but {} predicts {}",
             inQuotes(manifest.name), manifest.diffusion.prediction);
  if (!(*request.shift >= 1e-6 && *request.shift <= 1e6))
    failFlag("the shift must be from 1e-6 to 1e6, but is {}", *request.shift);
}

void checkRequest(const Manifest &manifest, const SampleRequest &request) {
  if (request.labels.empty())
    failFlag("at least one class is needed");
  checkLabels(manifest, request.labels);
  if (!std::isfinite(request.guidanceScale))
    failFlag("the guidance scale must be a number, but is {}",
             request.guidanceScale);
  Guidance guidance = guidanceOf(request);
  if (!guidance.isNone() && !manifest.labelDropout)
    failFlag(
        "{} was trained without label dropout, so it has no null class for a "
        "guidance {} of {}: use {}",
        inQuotes(manifest.name), request.guidanceFormula, request.guidanceScale,
        guidance.fromConditional ? 0 : 1);
  if (request.guidanceChannels &&
      (*request.guidanceChannels < 1 ||
       *request.guidanceChannels > manifest.channels))
    failFlag("guidance must be of 1 to {} channels or all, but is of {}",
             manifest.channels, *request.guidanceChannels);
  if (const auto &interval = request.guidanceInterval;
      interval && !(interval->low <= interval->high))
    failFlag("the guidance interval must be two timesteps, the lower first, "
             "but is {},{}",
             interval->low, interval->high);
  if (!(request.guidanceRescale >= 0 && request.guidanceRescale <= 1))
    failFlag("the guidance rescale must be from 0 to 1, but is {}",
             request.guidanceRescale);
  if (!(request.eta >= 0 && request.eta <= 1))
    failFlag("eta must be from 0 to 1, but is {}", request.eta);
  checkOverrides(manifest, request);
  if (request.batch < 1)
    failFlag("the batch must be at least 1, but is {}", request.batch);
  makeNoise(request.rng, {});
  if (request.rng != "counter" && request.firstSample != 0)
    failFlag("{} noise is drawn for all samples at once, so a part of them "
             "cannot be sampled alone: use counter",
             request.rng);
  makeSampler(request.sampler, samplerSettings(manifest, request));
}

int64_t samplingBytes(const Manifest &manifest, const SampleRequest &request) {
  auto total = static_cast<int64_t>(request.labels.size());
  Sampler sampler =
      makeSampler(request.sampler, samplerSettings(manifest, request));
  // Steps with guidance and without have a workspace each.
  int64_t batch = std::min(request.batch, total), rows = 0, workspaceRows = 0;
  for (bool guided : {false, true})
    if (std::any_of(sampler.times.begin(), sampler.times.end(), [&](float t) {
          return isGuidedAt(request, t) == guided;
        })) {
      rows = guided ? 2 * batch : batch;
      workspaceRows += rows;
    }
  std::set<int32_t> labels(request.labels.begin(), request.labels.end());
  double table = static_cast<double>(labels.size() + 1) * sampler.size() *
                 manifest.memory.conditionRowFloats * 4;
  // A GPU keeps two values beside each element's whatever the sampler is, and
  // what a graph of steps works on: states, these values, noise.
  bool isGpu = manifest.target == "cuda";
  double floats = static_cast<double>(total) *
                  (1 + (isGpu ? 2 : sampler.historyDepth)) *
                  manifest.sampleFloats();
  if (isGpu)
    floats += static_cast<double>(batch) *
              (3 + cuda::StepRunner::stepsAtOnce(manifest)) *
              manifest.sampleFloats();
  double bytes =
      floats * 4 +
      static_cast<double>(workspaceRows) * manifest.memory.arenaPerRow +
      static_cast<double>(rows) * 4 *
          (manifest.sampleFloats() + manifest.outputFloats()) +
      std::min(table, static_cast<double>(request.conditionBytes));
  if (request.rng == "torch-cpu") // the only one that keeps what it drew
    bytes += static_cast<double>(
        TorchCpuNoise::bytes(noiseSettings(manifest, request), sampler.size()));
  return static_cast<int64_t>(std::min(bytes, 0x1p60));
}

} // namespace dit::runtime
