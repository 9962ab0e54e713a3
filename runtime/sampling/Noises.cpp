// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The list of sources of noise.
#include "runtime/Error.h"
#include "runtime/sampling/TorchCpuNoise.h"
#include "runtime/sampling/TorchCudaNoise.h"

namespace dit::runtime {

static std::unique_ptr<Noise> makeCounterNoise(const NoiseSettings &settings) {
  return std::make_unique<CounterNoise>(settings.seed);
}

static std::unique_ptr<Noise> makeTorchCpuNoise(const NoiseSettings &settings) {
  return std::make_unique<TorchCpuNoise>(settings);
}

static std::unique_ptr<Noise>
makeTorchCudaNoise(const NoiseSettings &settings) {
  return std::make_unique<TorchCudaNoise>(settings);
}

std::span<const NoiseEntry> noises() {
  static constexpr NoiseEntry entries[] = {
      {"counter", "our own, a sample's noise depends on no other sample",
       makeCounterNoise},
      {"torch-cpu", "what the published script draws on a CPU",
       makeTorchCpuNoise},
      {"torch-cuda", "what the published script draws on a GPU",
       makeTorchCudaNoise},
  };
  return entries;
}

std::unique_ptr<Noise> makeNoise(const std::string &name,
                                 const NoiseSettings &settings) {
  std::string known;
  for (const NoiseEntry &entry : noises()) {
    if (name == entry.name)
      return entry.make(settings);
    known += known.empty() ? entry.name : std::string(", ") + entry.name;
  }
  failFlag("there is no source of noise {}, but {}", inQuotes(name), known);
}

} // namespace dit::runtime
