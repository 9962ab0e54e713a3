// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The sampling loop on a GPU.
#ifndef DIT_RUNTIME_CUDA_CUDASAMPLING_H
#define DIT_RUNTIME_CUDA_CUDASAMPLING_H

#include "runtime/cuda/StepRunner.h"
#include "runtime/sampling/Sampling.h"

namespace dit::runtime::cuda {

/// A block of inputs, and the steps that read it.
struct StepSlot {
  DeviceMemory block; ///< page-locked
  EventMark done;     ///< when these steps are
  int64_t work = 0;   ///< samples times steps of them, not yet reported

  StepSlot(const std::shared_ptr<const Gpu> &gpu, int64_t bytes)
      : block(allocatePinned(gpu, bytes, "the noise of steps")), done(gpu) {}
};

/// What one request leaves to the next with the same Denoiser: memory, and the
/// graphs of steps that work in it.
class GpuSamplingMemory : public SamplingMemory {
public:
  DeviceMemory states, history; ///< (N, C, H, W), (N, 2, C, H, W)
  DeviceMemory table;           ///< (steps of a chunk, slots of a group, row)
  /// By samples, and steps a graph has at most; they read `table`.
  std::map<std::pair<int64_t, int64_t>, std::unique_ptr<StepRunner>> runners;
  std::vector<std::unique_ptr<StepSlot>> slots;
};

/// sample() for a Denoiser on a GPU; the request is checked. States stay on the
/// GPU from the first step to the last; the host draws the noise of the next
/// steps while the GPU takes these. `memory` is made where it is null.
std::vector<float> sampleOnGpu(Denoiser &denoiser, const SampleRequest &request,
                               std::unique_ptr<SamplingMemory> &memory);

} // namespace dit::runtime::cuda

#endif // DIT_RUNTIME_CUDA_CUDASAMPLING_H
