// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Classifier-free guidance (Ho and Salimans, 2022).
#include "runtime/sampling/Guidance.h"

#include "runtime/Error.h"

#include <cmath>

namespace dit::runtime {

static double deviation(const float *values, int64_t count) {
  double sum = 0, squares = 0;
  for (int64_t i = 0; i < count; ++i)
    sum += values[i];
  double mean = sum / static_cast<double>(count);
  for (int64_t i = 0; i < count; ++i)
    squares += (values[i] - mean) * (values[i] - mean);
  return std::sqrt(squares / static_cast<double>(count));
}

Guidance makeGuidance(const std::string &formula, double scale,
                      double rescale) {
  if (formula != "scale" && formula != "weight")
    failFlag("the guidance formula must be scale or weight, but is {}",
             inQuotes(formula));
  return {scale, rescale, formula == "weight"};
}

void guide(float *conditional, const float *unconditional, int64_t count,
           const Guidance &guidance) {
  auto scale = static_cast<float>(guidance.scale);
  double before = guidance.rescale == 0 ? 0 : deviation(conditional, count);
  const float *from = guidance.fromConditional ? conditional : unconditional;
  for (int64_t i = 0; i < count; ++i)
    conditional[i] = from[i] + scale * (conditional[i] - unconditional[i]);
  if (guidance.rescale == 0)
    return;
  double after = deviation(conditional, count);
  // A prediction that is the same everywhere has nothing to bring back.
  if (after == 0)
    return;
  auto factor = static_cast<float>(guidance.rescale * before / after + 1 -
                                   guidance.rescale);
  for (int64_t i = 0; i < count; ++i)
    conditional[i] *= factor;
}

} // namespace dit::runtime
