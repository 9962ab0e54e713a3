// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sampling steps on this machine's CPU.
#ifndef DIT_RUNTIME_SAMPLING_HOSTSTEPPER_H
#define DIT_RUNTIME_SAMPLING_HOSTSTEPPER_H

#include "runtime/Denoiser.h"
#include "runtime/sampling/Stepper.h"

namespace dit::runtime {

class HostStepper : public Stepper {
public:
  HostStepper(Denoiser &denoiser, const SamplingPlan &plan,
              const std::vector<SampleGroup> &groups, StepsDone done);
  /// What it takes.
  static int64_t bytes(const Manifest &manifest, const SamplingPlan &plan,
                       const std::vector<SampleGroup> &groups);

  ConditionTables &tables() override { return conditions; }
  int64_t atOnce(int64_t) const override { return 1; }
  void start(std::vector<float> x) override { all = std::move(x); }
  void load(const SampleBatch &, std::vector<std::string> inputs) override {
    others = std::move(inputs);
  }
  void run(const SampleBatch &batch, const Evaluations &evaluations) override;
  std::span<const float> states(const SampleBatch &batch) override;
  void store(const SampleBatch &) override {}
  std::vector<float> finish() override { return std::move(all); }

private:
  /// In bytes.
  struct Sizes {
    int64_t states, history, table, input, output;
    std::vector<int64_t> rows; ///< of the network's plans, a workspace each
    Sizes(const Manifest &manifest, const SamplingPlan &plan,
          const std::vector<SampleGroup> &groups);
  };

  HostStepper(Denoiser &denoiser, const SamplingPlan &plan, const Sizes &sizes,
              StepsDone done);
  void runNetwork(const Evaluations &evaluations, int64_t rows);
  void guideBatch(const SampleBatch &batch);
  void update(const SampleBatch &batch, int64_t evaluation);
  float *stateOf(int64_t n) {
    return all.data() + n * plan.manifest().sampleFloats();
  }

  Denoiser &denoiser;
  const SamplingPlan &plan;
  StepsDone done;
  std::vector<float> all;     ///< (N, C, H, W)
  std::vector<float> history; ///< (N, depth * C * H * W)
  ConditionTables conditions;
  Memory input, output;            ///< (rows, C, H, W), (rows, C_out, H, W)
  std::vector<std::string> others; ///< the network's inputs but x
  std::map<int64_t, std::unique_ptr<Plan>> plans; ///< by rows
};

} // namespace dit::runtime

#endif // DIT_RUNTIME_SAMPLING_HOSTSTEPPER_H
