// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What of the sampling loop is a device's: states and what samplers keep of
// them, the network's evaluations, guidance and the sampler's update.
// HostStepper.h does it on this machine's CPU, cuda/CudaStepper.h on a GPU.
#ifndef DIT_RUNTIME_SAMPLING_STEPPER_H
#define DIT_RUNTIME_SAMPLING_STEPPER_H

#include "runtime/ConditionTables.h"
#include "runtime/sampling/SampleGroups.h"

namespace dit::runtime {

/// Evaluations [first, first + count) of a batch, all guided or none.
struct Evaluations {
  int64_t first, count;
  bool guided;
  /// For each table that the network reads the rows of it, one evaluation's
  /// after another's.
  std::vector<std::vector<int32_t>> tableRows;
};

class Stepper {
public:
  virtual ~Stepper() = default;
  Stepper() = default;
  Stepper(const Stepper &) = delete;
  Stepper &operator=(const Stepper &) = delete;

  /// With memory for what every group needs.
  virtual ConditionTables &tables() = 0;
  /// How many of `alike` evaluations run() takes at once.
  virtual int64_t atOnce(int64_t alike) const = 0;

  /// The states of all samples, (N, C, H, W), before the first evaluation.
  virtual void start(std::vector<float> x) = 0;
  /// From load() to store() the batch is worked on, and no other. `inputs` are
  /// those of the network's function, in the host's memory, one row a sample
  /// and, where the plan is guided, as many for guidance; x's is empty.
  virtual void load(const SampleBatch &batch,
                    std::vector<std::string> inputs) = 0;
  /// The network, guidance and update; may be done later.
  virtual void run(const SampleBatch &batch,
                   const Evaluations &evaluations) = 0;
  /// The states of the batch worked on, valid until the next call.
  virtual std::span<const float> states(const SampleBatch &batch) = 0;
  virtual void store(const SampleBatch &batch) = 0;
  /// Waits for everything; the states of all samples.
  virtual std::vector<float> finish() = 0;
};

/// Told how many evaluations of a sample are done since it was told last.
using StepsDone = std::function<void(int64_t samplesTimesEvaluations)>;

/// What a request leaves to the next one with the same Denoiser, which must
/// outlive it. For one thread at a time.
class SamplingMemory {
public:
  virtual ~SamplingMemory() = default;
};

/// The product, or 2^60 where it is larger: more than any machine has, which
/// the allocation says.
int64_t cappedProduct(std::initializer_list<int64_t> factors);

} // namespace dit::runtime

#endif // DIT_RUNTIME_SAMPLING_STEPPER_H
