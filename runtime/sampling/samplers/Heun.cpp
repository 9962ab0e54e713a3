// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Heun's method on the flow's equation: a step of Euler's, then the mean of the
// velocities at its two ends. N steps are 2 N - 1 evaluations: the last step
// ends at the data, where the network is not asked, and is Euler's.
#include "runtime/sampling/samplers/FlowTable.h"
#include "runtime/sampling/samplers/Mix.h"

namespace dit::runtime {

Sampler makeHeun(const SamplerSettings &settings) {
  std::vector<double> levels = noiseLevels(settings);
  Sampler table;
  for (size_t i = 0; i + 1 < levels.size(); ++i) {
    double s = levels[i], next = levels[i + 1], half = (next - s) / 2;
    StepRow &row = addEvaluation(table, settings, s);
    setMix(row, 0, {next / s, 1 - next / s});
    if (next == 0)
      break;
    // Kept: x + half * velocity, velocity = (x - x0) / s. The second evaluation
    // adds its own half.
    setMix(row, 1, {1 + half / s, -half / s});
    row.historyKept = 1;
    StepRow &second = addEvaluation(table, settings, next);
    setMix(second, 0, {half / next, -half / next, 1});
  }
  table.historyDepth = 1;
  return table;
}

} // namespace dit::runtime
