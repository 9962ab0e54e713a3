// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sampling steps on a GPU: the network, guidance and the sampler's update of
// several steps as one graph of kernels.
#ifndef DIT_RUNTIME_CUDA_STEPRUNNER_H
#define DIT_RUNTIME_CUDA_STEPRUNNER_H

#include "runtime/ConditionTables.h"
#include "runtime/cuda/CudaDevice.h"
#include "runtime/sampling/samplers/StepRow.h"

#include <map>

namespace dit::runtime::cuda {

/// What steps read beside states and conditions, in one block of memory: the
/// layout of it, for `steps` steps of `samples` samples of `floats` floats.
struct StepInputs {
  int64_t steps, samples, floats;
  int64_t tables = 1; ///< that the network reads

  StepInputs(int64_t steps, int64_t samples, int64_t floats)
      : steps(steps), samples(samples), floats(floats) {}
  StepInputs(const Manifest &manifest, int64_t steps, int64_t samples)
      : StepInputs(steps, samples, manifest.sampleFloats()) {
    tables = std::ssize(manifest.network().tables);
  }

  int64_t rowIndexOffset() const {
    return steps * static_cast<int64_t>(sizeof(StepRow));
  }
  int64_t noiseOffset() const;
  int64_t bytes() const { return noiseOffset() + steps * samples * floats * 4; }

  StepRow *rows(void *block) const { return static_cast<StepRow *>(block); }
  /// Of table number `table`: as many as a step has rows, of one step after
  /// another.
  int32_t *rowIndex(void *block, size_t table = 0) const {
    return reinterpret_cast<int32_t *>(static_cast<char *>(block) +
                                       rowIndexOffset()) +
           static_cast<int64_t>(table) * steps * 2 * samples;
  }
  /// (steps, samples, floats).
  float *noise(void *block) const {
    return reinterpret_cast<float *>(static_cast<char *>(block) +
                                     noiseOffset());
  }
};

/// Takes batches of one size through steps. Works in memory of its own: the
/// states are x(), what the sampler keeps is history(). Must not outlive the
/// Denoiser or the condition table; the caller has the Denoiser's turn.
class StepRunner {
public:
  /// For batches of `samples`, at most `stepsAtOnce` steps a graph.
  StepRunner(Denoiser &denoiser, int64_t samples, int64_t stepsAtOnce,
             const ConditionTables &tables);

  const StepInputs &inputs() const { return layout; }
  /// (samples, C, H, W), and once more behind it while steps are guided.
  float *x() const { return states.as<float>(); }
  /// Number `k` of the network's function, which is not x: (2 * samples, ..).
  void *input(size_t k) const { return others[k].data(); }
  /// (samples, 2, C, H, W).
  float *history() const { return kept.as<float>(); }
  /// Enqueues `steps` steps, which read the block `from` of page-locked memory
  /// in the layout of inputs(): its noise where `drawsNoise`. Before the first
  /// of guided steps, x() must be there twice.
  void run(const void *from, int64_t steps, bool guided, bool drawsNoise);

  /// Seconds that a graph of `steps` steps takes, `repeat` times; on states and
  /// noise that are all zero.
  std::vector<double> time(int64_t steps, bool guided, int64_t repeat);

  /// What it takes of the GPU's memory, with graphs of steps that are guided,
  /// of others, or of both.
  static int64_t bytes(const Manifest &manifest, int64_t samples,
                       int64_t stepsAtOnce, bool unguided, bool guided);
  /// Steps that a graph of this model has at most.
  static int64_t stepsAtOnce(const Manifest &manifest);

private:
  /// In bytes: of the states, and as much of what is kept of them.
  struct Sizes {
    int64_t states, predictions;
    Sizes(const Manifest &manifest, int64_t samples);
  };

  Recording &graph(int64_t steps, bool guided);
  void enqueueStep(int64_t step, bool guided, Plan &plan);

  Denoiser &denoiser;
  CudaDevice &device;
  const LaunchEntry &step;
  std::vector<const float *> tables; ///< that the network reads
  StepInputs layout;
  std::vector<DeviceMemory> others; ///< the network's inputs but x
  DeviceMemory states, predictions, kept, block;
  std::unique_ptr<Plan> plans[2]; ///< [guided]
  std::map<std::pair<bool, int64_t>, std::unique_ptr<Recording>> graphs;
};

} // namespace dit::runtime::cuda

#endif // DIT_RUNTIME_CUDA_STEPRUNNER_H
