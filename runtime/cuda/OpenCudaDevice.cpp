// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From an artifact and a GPU's number to a device. Where the model was made
// with different matmuls, both ways are timed.
#include "runtime/Error.h"
#include "runtime/Memory.h"
#include "runtime/cuda/Alternatives.h"
#include "runtime/cuda/CudaDevice.h"

#include <algorithm>

namespace dit::runtime::cuda {

/// Seconds of one evaluation of `rows`, on weights that are all zero: the time
/// of a kernel does not depend on its numbers.
static double timeOf(CudaDevice &device, int64_t rows) {
  const MemorySizes &sizes = device.manifest().memory;
  const DitArtifact &functions = device.functions();
  auto zeros = [&](int64_t bytes, const char *what) {
    DeviceMemory memory = device.allocate(bytes, what);
    device.clear(memory.data(), std::max<int64_t>(bytes, 1));
    return memory;
  };
  DeviceMemory prepared = zeros(sizes.prepared, "the packed weights");
  DeviceMemory arena = zeros(rows * sizes.arenaPerRow, "the workspace");
  DeviceMemory table = zeros(sizes.conditionRowFloats * 4, "a condition");
  DeviceMemory index = zeros(rows * 4, "the rows of a batch");
  DeviceMemory x = zeros(rows * device.manifest().sampleFloats() * 4,
                         "the states of a batch");
  DeviceMemory out = zeros(rows * device.manifest().outputFloats() * 4,
                           "the predictions of a batch");
  Memory state(sizes.state, "the model's state"), plan(sizes.plan, "a plan");
  device.settle(ArtifactFunction::Denoise, rows);
  functions.create(&device.host(), prepared.data(), state.data());
  functions.plan(state.data(), rows, arena.data(), plan.data());
  auto recording = device.record([&] {
    device.enter(ArtifactFunction::Denoise, rows);
    functions.denoise(plan.data(), x.as<float>(), index.as<int32_t>(),
                      table.as<float>(), out.as<float>());
    device.leave();
  });
  double best = recording->time(); // the first one also warms up
  for (int i = 0; i < 5; ++i)
    best = std::min(best, recording->time());
  if (functions.unplan)
    functions.unplan(plan.data());
  if (functions.destroy)
    functions.destroy(state.data());
  return best;
}

/// The fastest of `candidates`, or the one that can be had: a library that a
/// candidate needs may be missing.
static std::unique_ptr<CudaDevice>
fastest(const std::vector<const Alternative *> &candidates,
        const std::shared_ptr<const Gpu> &gpu, const DeviceOptions &options) {
  std::unique_ptr<CudaDevice> best;
  double bestSeconds = 0;
  std::exception_ptr problem;
  for (const Alternative *candidate : candidates) {
    try {
      auto device = std::make_unique<CudaDevice>(*candidate, gpu, options);
      double seconds =
          candidates.size() > 1 ? timeOf(*device, options.rows) : 0;
      if (!best || seconds < bestSeconds) {
        best = std::move(device);
        bestSeconds = seconds;
      }
    } catch (const Error &) {
      problem = std::current_exception();
    }
  }
  if (!best)
    std::rethrow_exception(problem);
  return best;
}

std::unique_ptr<CudaDevice> openCudaDevice(const Artifact &artifact,
                                           const DeviceOptions &options) {
  auto gpu = std::make_shared<const Gpu>(options.device.value_or(0));
  std::vector<const Alternative *> candidates =
      fitting(artifact.alternatives(), gpu->major, gpu->minor);
  if (candidates.empty())
    fail("{}: compiled for {}, but GPU {} is {}", artifact.path(),
         showArchs(artifact.alternatives()), options.device.value_or(0),
         gpu->describe());
  return fastest(candidates, gpu, options);
}

} // namespace dit::runtime::cuda
