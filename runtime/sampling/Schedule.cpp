// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Betas and posterior tables. The order of the operations is that of
// the published implementation, so that the numbers agree to the last digit.
#include "runtime/sampling/Schedule.h"

#include "runtime/Error.h"

#include <algorithm>
#include <cmath>

namespace dit::runtime {

/// `count` values from `start` to `end`, both included.
static std::vector<double> linspace(double start, double end, int64_t count) {
  std::vector<double> values(count, start);
  if (count == 1)
    return values;
  double step = (end - start) / static_cast<double>(count - 1);
  for (int64_t i = 0; i < count; ++i)
    values[i] = static_cast<double>(i) * step + start;
  values.back() = end;
  return values;
}

static double squaredCosine(double t) {
  double c = std::cos((t + 0.008) / 1.008 * M_PI / 2);
  return c * c;
}

std::vector<double> makeBetas(const std::string &name, int64_t steps,
                              double start, double end) {
  if (name == "linear")
    return linspace(start, end, steps);
  if (name == "quadratic" || name == "scaled_linear") {
    std::vector<double> betas =
        linspace(std::sqrt(start), std::sqrt(end), steps);
    for (double &b : betas)
      b *= b;
    return betas;
  }
  if (name == "squared_cosine") {
    std::vector<double> betas(steps);
    auto total = static_cast<double>(steps);
    for (int64_t i = 0; i < steps; ++i) {
      double from = static_cast<double>(i) / total;
      double to = static_cast<double>(i + 1) / total;
      betas[i] = std::min(1 - squaredCosine(to) / squaredCosine(from), 0.999);
    }
    return betas;
  }
  fail("the schedule must be linear, squared_cosine, quadratic or "
       "scaled_linear, "
       "but is {}",
       inQuotes(name));
}

std::vector<double> withZeroTerminalSnr(std::vector<double> betas) {
  std::vector<double> roots; // of alpha_bar
  double bar = 1;
  for (double beta : betas)
    roots.push_back(std::sqrt(bar *= 1 - beta));
  const double first = roots.front(), last = roots.back();
  double previous = 1;
  for (size_t t = 0; t < betas.size(); ++t) {
    double root =
        betas.size() == 1 ? 0 : (roots[t] - last) * first / (first - last);
    betas[t] = 1 - root * root / previous;
    previous = root * root;
  }
  return betas;
}

Schedule respace(const std::vector<double> &betas,
                 std::vector<int64_t> timesteps) {
  Schedule s;
  s.timesteps = std::move(timesteps);
  double trainedBar = 1, lastKept = 1;
  int64_t t = 0;
  for (int64_t kept : s.timesteps) {
    for (; t <= kept; ++t)
      trainedBar *= 1 - betas[t];
    s.beta.push_back(1 - trainedBar / lastKept);
    lastKept = trainedBar;
  }
  double bar = 1;
  for (double beta : s.beta) {
    double previous = bar;
    double alpha = 1 - beta;
    bar *= alpha;
    s.alphaBar.push_back(bar);
    s.alphaBarPrevious.push_back(previous);
    s.posteriorVariance.push_back(beta * (1 - previous) / (1 - bar));
    s.posteriorX0.push_back(beta * std::sqrt(previous) / (1 - bar));
    s.posteriorX.push_back((1 - previous) * std::sqrt(alpha) / (1 - bar));
  }
  // The posterior variance of k = 0 is 0; its logarithm is taken of k = 1,
  // where there is one.
  size_t clipped = std::min<size_t>(1, s.posteriorVariance.size() - 1);
  for (size_t k = 0; k < s.posteriorVariance.size(); ++k)
    s.posteriorLogVariance.push_back(
        std::log(s.posteriorVariance[k == 0 ? clipped : k]));
  return s;
}

} // namespace dit::runtime
