// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Classifier-free guidance, applied to the network's output outside the
// network.
#ifndef DIT_RUNTIME_GUIDANCE_H
#define DIT_RUNTIME_GUIDANCE_H

#include <cstdint>

namespace dit::runtime {

/// conditional[i] = unconditional[i] + scale * (conditional[i] -
/// unconditional[i]) for the first `count` floats of a sample: the guided
/// channels, which come first. The rest of `conditional`, variance channels
/// included, stays.
void guide(float *conditional, const float *unconditional, int64_t count,
           float scale);

} // namespace dit::runtime

#endif // DIT_RUNTIME_GUIDANCE_H
