// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What ditc bench measures, on any device.
#ifndef DIT_RUNTIME_COMMANDS_MEASUREMENT_H
#define DIT_RUNTIME_COMMANDS_MEASUREMENT_H

#include "runtime/Checkpoint.h"
#include "runtime/Device.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dit::runtime {

struct BenchFlags {
  std::string model;
  std::optional<std::string> weights;
  CheckpointOptions checkpoint;
  int64_t batch = 1, repeat = 20;
  uint64_t seed = 0;
  DeviceOptions device;
  bool json = false;
};

/// All launches of one kernel, by name.
struct KernelRow {
  std::string name, kind;
  int64_t count = 0;
  double ms = 0;    ///< of one evaluation, the mean over the repetitions
  double flops = 0; ///< of one evaluation
};

struct Measurement {
  Manifest manifest;  ///< of the alternative that ran
  std::string device; ///< "" for the CPU
  double loadSeconds = 0, conditionMs = 0;
  std::vector<double> ms;              ///< by repetition
  std::vector<double> peaks, percents; ///< the same, of a CPU
  std::vector<double> stepMs;          ///< of a GPU: a step of a sampler
  std::vector<KernelRow> kernels;      ///< the longest first
};

/// Loads the artifact and times it.
Measurement measure(const BenchFlags &flags,
                    std::shared_ptr<const Artifact> artifact);

} // namespace dit::runtime

#endif // DIT_RUNTIME_COMMANDS_MEASUREMENT_H
