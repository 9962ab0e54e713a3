// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// DDIM (Song et al., 2021): x' = sqrt(abp) * x0 + sqrt(1 - abp - sigma^2) * eps
// + [k != 0] * sigma * noise, with sigma proportional to eta.
#include "runtime/sampling/samplers/DiffusionTable.h"

#include <algorithm>

namespace dit::runtime {

Sampler makeDdim(const SamplerSettings &settings) {
  Schedule s = makeSchedule(settings);
  return diffusionTable(settings, s, [&](int64_t k, StepRow &row) {
    double bar = s.alphaBar[k], previous = s.alphaBarPrevious[k];
    double sigma = settings.eta * std::sqrt((1 - previous) / (1 - bar)) *
                   std::sqrt(1 - bar / previous);
    // eps is the noise that goes with the x0 that is used, which clamping may
    // have moved: (x - sqrt(ab) * x0) / sqrt(1 - ab).
    double ofEps = std::sqrt(std::max(0.0, 1 - previous - sigma * sigma)) /
                   std::sqrt(1 - bar);
    setMix(row, 0, {ofEps, std::sqrt(previous) - ofEps * std::sqrt(bar)});
    row.sigma = static_cast<float>(k == 0 ? 0 : sigma);
  });
}

} // namespace dit::runtime
