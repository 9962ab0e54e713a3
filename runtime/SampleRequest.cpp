// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A request's defaults, its limits and its memory.
#include "runtime/Error.h"
#include "runtime/Sampling.h"
#include "runtime/TorchCpuNoise.h"

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
  request.guidanceChannels = manifest.guidance.channels;
  return request;
}

NoiseSettings noiseSettings(const Manifest &manifest,
                            const SampleRequest &request) {
  return {request.seed, static_cast<int64_t>(request.labels.size()),
          manifest.sampleFloats(), request.guidanceScale != 1};
}

SamplerSettings samplerSettings(const Manifest &manifest,
                                const SampleRequest &request) {
  return {manifest.diffusion,
          request.steps,
          request.eta,
          {request.guidanceScale, request.guidanceRescale},
          request.guidanceChannels.value_or(manifest.channels)};
}

bool isGuidedAt(const SampleRequest &request, double t) {
  const std::optional<TimeInterval> &interval = request.guidanceInterval;
  return request.guidanceScale != 1 &&
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

void checkRequest(const Manifest &manifest, const SampleRequest &request) {
  if (request.labels.empty())
    failFlag("at least one class is needed");
  checkLabels(manifest, request.labels);
  if (!std::isfinite(request.guidanceScale))
    failFlag("the guidance scale must be a number, but is {}",
             request.guidanceScale);
  if (request.guidanceScale != 1 && !manifest.labelDropout)
    failFlag(
        "{} was trained without label dropout, so it has no null class for a "
        "guidance scale of {}: use 1",
        inQuotes(manifest.name), request.guidanceScale);
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
  double bytes =
      static_cast<double>(total) * (1 + sampler.historyDepth) *
          manifest.sampleFloats() * 4 +
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
