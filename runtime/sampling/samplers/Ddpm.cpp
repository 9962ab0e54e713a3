// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// DDPM (Ho et al., 2020) with learned-range (Nichol and Dhariwal, 2021) or
// fixed variance: x' = mean + [k != 0] * exp(log var / 2) * noise.
#include "runtime/sampling/samplers/DiffusionTable.h"

namespace dit::runtime {

Sampler makeDdpm(const SamplerSettings &settings) {
  Schedule s = makeSchedule(settings);
  const std::string &variance = settings.diffusion.variance;
  return diffusionTable(settings, s, [&](int64_t k, StepRow &row) {
    setMix(row, 0, {s.posteriorX[k], s.posteriorX0[k]});
    if (k == 0)
      return;
    double low = s.posteriorLogVariance[k], high = std::log(s.beta[k]);
    if (variance == "learned_range") {
      row.learnsVariance = 1;
      row.logLow = static_cast<float>(low);
      row.logHigh = static_cast<float>(high);
    } else {
      row.sigma = static_cast<float>(
          std::exp((variance == "fixed_large" ? high : low) / 2));
    }
  });
}

} // namespace dit::runtime
