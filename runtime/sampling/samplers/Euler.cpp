// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Euler's method on the flow's equation dx/ds = velocity, from level s to s':
// x' = x + (s' - s) * (x - x0) / s.
#include "runtime/sampling/samplers/FlowTable.h"
#include "runtime/sampling/samplers/Mix.h"

namespace dit::runtime {

Sampler makeEuler(const SamplerSettings &settings) {
  std::vector<double> levels = noiseLevels(settings);
  Sampler table;
  for (size_t i = 0; i + 1 < levels.size(); ++i) {
    StepRow &row = addEvaluation(table, settings, levels[i]);
    double ratio = levels[i + 1] / levels[i];
    setMix(row, 0, {ratio, 1 - ratio});
  }
  return table;
}

} // namespace dit::runtime
