// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The services a CPU artifact calls (DitHost), on a thread pool, and the time
// its kernels take.
#ifndef DIT_RUNTIME_CPU_CPUDEVICE_H
#define DIT_RUNTIME_CPU_CPUDEVICE_H

#include "runtime/Abi.h"
#include "runtime/Memory.h"
#include "runtime/cpu/ThreadPool.h"

#include <vector>

namespace dit::runtime {

class WeightSource;

/// The function of the artifact that is running; a launch's kernel index counts
/// in its list of the manifest.
enum class ArtifactFunction { Prepare, Condition, Denoise };

class CpuDevice {
public:
  /// `threads` workers, each with its own `scratchBytes`.
  CpuDevice(int threads, int64_t scratchBytes);
  CpuDevice(const CpuDevice &) = delete;
  CpuDevice &operator=(const CpuDevice &) = delete;

  /// Valid for the device's life.
  const DitHost &host() const { return services; }
  ThreadPool &pool() { return threads; }
  /// Where `prepare` reads from; null again after it.
  void bindWeights(WeightSource *source) { weights = source; }
  void enter(ArtifactFunction function) { running = function; }

  /// Starts to add up the time of each kernel, from zero.
  void startProfile();
  /// Seconds spent in each kernel of `function` since startProfile, by index.
  const std::vector<double> &profile(ArtifactFunction function) const {
    return seconds[static_cast<int>(function)];
  }

private:
  static void launch(void *context, const DitLaunch *launch);
  static const float *weight(void *context, int32_t index);
  static void release(void *context, int32_t index);

  ThreadPool threads;
  std::vector<Memory> scratch; ///< by worker
  DitHost services;
  WeightSource *weights = nullptr;
  ArtifactFunction running = ArtifactFunction::Prepare;
  bool profiling = false;
  std::vector<double> seconds[3];
};

} // namespace dit::runtime

#endif // DIT_RUNTIME_CPU_CPUDEVICE_H
