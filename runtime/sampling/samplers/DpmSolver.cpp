// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// DPM-Solver++(2M) (Lu et al., 2022): the second-order multistep solver of the
// probability flow in x0, whose last two estimates it extrapolates. With
// lambda = log(alpha / sigma), h the step in it and h' the step before:
// x' = sigma' / sigma * x - alpha' * (exp(-h) - 1) * D,
// D = x0 + h / (2 h') * (x0 - x0 of the evaluation before).
#include "runtime/sampling/samplers/DiffusionTable.h"

namespace dit::runtime {

static double lambda(double alphaBar) {
  return std::log(alphaBar / (1 - alphaBar)) / 2;
}

/// The first step has no estimate before it. The last one ends without noise,
/// where lambda is infinite, and its result is x0: both are of first order.
Sampler makeDpmSolver(const SamplerSettings &settings) {
  Schedule s = makeSchedule(settings);
  Sampler table = diffusionTable(settings, s, [&](int64_t k, StepRow &row) {
    if (k == 0) {
      setMix(row, 0, {0, 1});
      return;
    }
    double bar = s.alphaBar[k], next = s.alphaBarPrevious[k];
    double h = lambda(next) - lambda(bar), ofChange = 0;
    if (k + 1 < s.size())
      ofChange = h / (2 * (lambda(bar) - lambda(s.alphaBar[k + 1])));
    double ofX = std::sqrt((1 - next) / (1 - bar));
    double ofX0 = -std::sqrt(next) * std::expm1(-h);
    setMix(row, 0, {ofX, ofX0 * (1 + ofChange), -ofX0 * ofChange});
    setMix(row, 1, {0, 1});
    row.historyKept = 1;
  });
  table.historyDepth = 1;
  return table;
}

} // namespace dit::runtime
