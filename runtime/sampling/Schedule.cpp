// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Betas, respacing and posterior tables. The order of the operations is that of
// the published implementation, so that the numbers agree to the last digit.
#include "runtime/sampling/Schedule.h"

#include "runtime/Error.h"

#include <algorithm>
#include <charconv>
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
  if (name == "quadratic") {
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
  fail("the schedule must be linear, squared_cosine or quadratic, but is {}",
       inQuotes(name));
}

/// Every `stride`-th timestep, for the smallest stride that keeps `count`.
static std::vector<int64_t> strided(int64_t total, int64_t count) {
  for (int64_t stride = 1; stride < std::max<int64_t>(total, 2); ++stride) {
    if ((total + stride - 1) / stride != count)
      continue;
    std::vector<int64_t> kept;
    for (int64_t t = 0; t < total; t += stride)
      kept.push_back(t);
    return kept;
  }
  failFlag("no whole stride over {} timesteps keeps {} of them: leave out "
           "'ddim', or "
           "choose another number",
           total, count);
}

std::vector<int64_t> keptTimesteps(int64_t total, const std::string &spelling) {
  bool isStrided = spelling.starts_with("ddim");
  std::string_view digits =
      std::string_view(spelling).substr(isStrided ? 4 : 0);
  int64_t count = 0;
  auto [end, problem] =
      std::from_chars(digits.data(), digits.data() + digits.size(), count);
  if (problem != std::errc() || end != digits.data() + digits.size() ||
      count < 1 || count > total)
    failFlag("the number of steps must be an integer from 1 to {} or ddimN, "
             "but is {}",
             total, inQuotes(spelling));
  if (isStrided)
    return strided(total, count);
  // Accumulated in floating point and rounded half to even: of the counts up to
  // 1000, half up would change 49 and multiplying instead of adding 278.
  double stride = count == 1 ? 1.0
                             : static_cast<double>(total - 1) /
                                   static_cast<double>(count - 1);
  std::vector<int64_t> kept;
  double current = 0;
  for (int64_t i = 0; i < count; ++i) {
    kept.push_back(static_cast<int64_t>(std::nearbyint(current)));
    current += stride;
  }
  return kept;
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
