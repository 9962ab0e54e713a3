// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Samples that are no numbers.
#ifndef DIT_RUNTIME_SAMPLING_NONFINITE_H
#define DIT_RUNTIME_SAMPLING_NONFINITE_H

#include "runtime/Denoiser.h"
#include "runtime/sampling/SamplingPlan.h"

namespace dit::runtime {

/// Throws an Error where `samples`, which `plan` made, hold an infinity or a
/// NaN: how many do, and after which evaluation the first of them began to.
/// That one is drawn again for it.
void requireFinite(Denoiser &denoiser, const SamplingPlan &plan,
                   std::span<const float> samples);

} // namespace dit::runtime

#endif // DIT_RUNTIME_SAMPLING_NONFINITE_H
