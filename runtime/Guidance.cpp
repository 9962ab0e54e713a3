// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Classifier-free guidance (Ho and Salimans, 2022).
#include "runtime/Guidance.h"

namespace dit::runtime {

void guide(float *conditional, const float *unconditional, int64_t count,
           float scale) {
  for (int64_t i = 0; i < count; ++i)
    conditional[i] =
        unconditional[i] + scale * (conditional[i] - unconditional[i]);
}

} // namespace dit::runtime
