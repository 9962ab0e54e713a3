// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sampling steps on a GPU. States stay there from the first step to the last;
// several steps are one graph of kernels, and the host draws the noise of the
// next ones while the GPU takes these.
#ifndef DIT_RUNTIME_CUDA_CUDASTEPPER_H
#define DIT_RUNTIME_CUDA_CUDASTEPPER_H

#include "runtime/cuda/StepRunner.h"
#include "runtime/sampling/Stepper.h"

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
  explicit GpuSamplingMemory(Denoiser &denoiser) : tables(denoiser) {}
  DeviceMemory states, history; ///< (N, C, H, W), (N, 2, C, H, W)
  ConditionTables tables;
  /// By samples, and steps a graph has at most; they read `tables`.
  std::map<std::pair<int64_t, int64_t>, std::unique_ptr<StepRunner>> runners;
  /// Two: one is filled while the other is used.
  std::vector<std::unique_ptr<StepSlot>> slots;
};

class CudaStepper : public Stepper {
public:
  /// `memory` is made where it is null.
  CudaStepper(Denoiser &denoiser, const SamplingPlan &plan,
              const std::vector<SampleGroup> &groups,
              std::shared_ptr<SamplingMemory> &memory, StepsDone done);
  ~CudaStepper() override;
  /// What it takes of the GPU's memory.
  static int64_t bytes(const Manifest &manifest, const SamplingPlan &plan,
                       const std::vector<SampleGroup> &groups);

  ConditionTables &tables() override { return memory->tables; }
  /// Two lengths of graphs: whole ones, and single steps for the rest.
  int64_t atOnce(int64_t alike) const override {
    return alike >= sizes.stepsAtOnce ? sizes.stepsAtOnce : 1;
  }
  void start(std::vector<float> x) override;
  void load(const SampleBatch &batch, std::vector<std::string> inputs) override;
  void run(const SampleBatch &batch, const Evaluations &evaluations) override;
  std::span<const float> states(const SampleBatch &batch) override;
  void store(const SampleBatch &batch) override;
  std::vector<float> finish() override;

private:
  /// In bytes.
  struct Sizes {
    int64_t states, history, table;
    std::vector<int64_t> tableRows; ///< not bytes
    int64_t stepsAtOnce;            ///< of a graph
    std::vector<int64_t> batches;
    Sizes(const Manifest &manifest, const SamplingPlan &plan,
          const std::vector<SampleGroup> &groups);
  };

  void takeMemory();
  StepRunner &runnerOf(const SampleBatch &batch);
  bool fill(void *block, const SampleBatch &batch,
            const Evaluations &evaluations);
  void finishSlot(StepSlot &slot);
  float *statesOf(const SampleBatch &batch) {
    return memory->states.as<float>() + batch.first * floats;
  }
  float *historyOf(const SampleBatch &batch) {
    return memory->history.as<float>() + batch.first * 2 * floats;
  }

  Denoiser &denoiser;
  CudaDevice &device;
  const SamplingPlan &plan;
  const Sizes sizes;
  const int64_t floats;
  std::shared_ptr<GpuSamplingMemory> memory;
  StepsDone done;
  size_t nextSlot = 0;
  bool isDoubled = false; ///< the batch's states, for a guided evaluation
  std::vector<float> watched;
};

} // namespace dit::runtime::cuda

#endif // DIT_RUNTIME_CUDA_CUDASTEPPER_H
