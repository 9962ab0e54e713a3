// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A row's coefficients, computed in float64 and rounded once, to the float32 of
// the table.
#ifndef DIT_RUNTIME_SAMPLING_SAMPLERS_MIX_H
#define DIT_RUNTIME_SAMPLING_SAMPLERS_MIX_H

#include "runtime/sampling/samplers/StepRow.h"

#include <initializer_list>

namespace dit::runtime {

/// Row `made` of the mix (0 is x'): its coefficients of x, e, h1, h2; those
/// left out are 0.
inline void setMix(StepRow &row, int made,
                   std::initializer_list<double> coefficients) {
  int column = 0;
  for (double c : coefficients)
    row.mix[made][column++] = static_cast<float>(c);
}

} // namespace dit::runtime

#endif // DIT_RUNTIME_SAMPLING_SAMPLERS_MIX_H
