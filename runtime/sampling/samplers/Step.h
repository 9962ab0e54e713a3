// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The update of a sample after a network evaluation, on the CPU.
#ifndef DIT_RUNTIME_SAMPLING_SAMPLERS_STEP_H
#define DIT_RUNTIME_SAMPLING_SAMPLERS_STEP_H

#include "runtime/sampling/Noise.h"
#include "runtime/sampling/samplers/StepRow.h"

#include <span>

namespace dit::runtime {

/// One sample after a network evaluation.
struct SampleState {
  std::span<float> x;                ///< (C, H, W), updated in place
  std::span<const float> prediction; ///< (C, H, W), guidance applied
  std::span<const float> variance;   ///< (C, H, W); empty if the model has none
  std::span<float> history; ///< (Sampler::historyDepth, C, H, W), in place
  const Noise &noise;
  int64_t sample; ///< its number in the request, for the noise
};

/// The formula of StepRow for evaluation number `evaluation` of the sampler. A
/// sample comes by its evaluations in order.
void applyStep(const StepRow &row, int64_t evaluation,
               const SampleState &state);

} // namespace dit::runtime

#endif // DIT_RUNTIME_SAMPLING_SAMPLERS_STEP_H
