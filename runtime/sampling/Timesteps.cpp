// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Spacings as the published implementations have them, to their roundings:
// numpy and Python round half to even, as nearbyint does.
#include "runtime/sampling/Timesteps.h"

#include "runtime/Error.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

namespace dit::runtime {

/// The numbers of a list with commas; nothing where it is none.
template <typename T>
static std::optional<std::vector<T>> readList(const std::string &list) {
  std::vector<T> numbers;
  const char *at = list.data(), *end = at + list.size();
  while (true) {
    T number{};
    auto [next, problem] = std::from_chars(at, end, number);
    if (problem != std::errc() || (next != end && *next != ','))
      return std::nullopt;
    numbers.push_back(number);
    if (next == end)
      return numbers;
    at = next + 1;
  }
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
           "'ddim', or choose another number",
           total, count);
}

/// `count` of the `total` timesteps from `first` on, the first and the last of
/// them included.
static void addEven(int64_t first, int64_t total, int64_t count,
                    std::vector<int64_t> &kept) {
  // Accumulated in floating point and rounded half to even: of the counts up to
  // 1000, half up would change 49 and multiplying instead of adding 278.
  double stride = count == 1 ? 1.0
                             : static_cast<double>(total - 1) /
                                   static_cast<double>(count - 1);
  double current = 0;
  for (int64_t i = 0; i < count; ++i) {
    kept.push_back(first + static_cast<int64_t>(std::nearbyint(current)));
    current += stride;
  }
}

/// Equal sections of the timesteps, the first ones longer by one where they
/// cannot be equal; each keeps its count of them.
static std::vector<int64_t> sectioned(int64_t total,
                                      const std::vector<int64_t> &counts) {
  std::vector<int64_t> kept;
  const auto sections = static_cast<int64_t>(counts.size());
  int64_t first = 0;
  for (int64_t i = 0; i < sections; ++i) {
    int64_t length = total / sections + (i < total % sections ? 1 : 0);
    if (counts[i] < 1 || counts[i] > length)
      failFlag("section {} of the steps has {} timesteps, of which 1 to {} can "
               "be kept, but not {}",
               i + 1, length, length, counts[i]);
    addEven(first, length, counts[i], kept);
    first += length;
  }
  return kept;
}

/// As diffusers' schedulers spread them with this timestep_spacing.
static int64_t spaced(const std::string &spacing, int64_t total, int64_t count,
                      int64_t i) {
  auto all = static_cast<double>(total), some = static_cast<double>(count);
  if (spacing == "leading")
    return i * (total / count);
  if (spacing == "trailing") {
    // numpy's arange adds the difference of its first two values.
    double stride = (all - all / some) - all;
    return static_cast<int64_t>(std::nearbyint(
               all + static_cast<double>(count - 1 - i) * stride)) -
           1;
  }
  if (i == 0)
    return 0;
  if (i + 1 == count)
    return total - 1;
  return static_cast<int64_t>(
      std::nearbyint(static_cast<double>(i) * ((all - 1) / (some - 1))));
}

std::span<const SpacingEntry> spacings() {
  static constexpr SpacingEntry entries[] = {
      {"even", "from the first timestep to the last, as guided-diffusion"},
      {"leading", "every k-th from the first, as diffusers"},
      {"trailing", "every k-th back from the last, as diffusers"},
      {"linspace", "from the first timestep to the last, rounded as diffusers"},
  };
  return entries;
}

std::vector<int64_t> keptTimesteps(int64_t total, const std::string &steps,
                                   const std::string &spacing) {
  std::vector<std::string_view> known;
  for (const SpacingEntry &entry : spacings())
    known.push_back(entry.name);
  if (std::find(known.begin(), known.end(), spacing) == known.end())
    failFlag("there is no spacing {}, but {}", inQuotes(spacing),
             fmt::join(known, ", "));
  const bool isStrided = steps.starts_with("ddim");
  auto counts = readList<int64_t>(steps.substr(isStrided ? 4 : 0));
  const bool isOne = counts && counts->size() == 1;
  if (!counts || (isStrided && !isOne) ||
      (isOne && (counts->front() < 1 || counts->front() > total)))
    failFlag("the number of steps must be an integer from 1 to {} or ddimN, or "
             "one for each of several sections, but is {}",
             total, inQuotes(steps));
  if (spacing != "even" && (isStrided || !isOne))
    failFlag("the spacing {} is of a number of steps, but these are {}",
             spacing, inQuotes(steps));
  if (isStrided)
    return strided(total, counts->front());
  if (spacing == "even")
    return sectioned(total, *counts);
  std::vector<int64_t> kept;
  for (int64_t i = 0; i < counts->front(); ++i)
    kept.push_back(spaced(spacing, total, counts->front(), i));
  return kept;
}

std::vector<int64_t> listedTimesteps(int64_t total, const std::string &list) {
  auto timesteps = readList<int64_t>(list);
  bool isGood = timesteps && timesteps->front() < total &&
                timesteps->back() >= 0 &&
                std::is_sorted(timesteps->begin(), timesteps->end(),
                               std::greater_equal<int64_t>());
  if (!isGood)
    failFlag("the timesteps must be integers that descend from at most {} to "
             "at least 0, such as 999,750,500, but are {}",
             total - 1, inQuotes(list));
  std::reverse(timesteps->begin(), timesteps->end());
  return *timesteps;
}

std::vector<double> listedSigmas(const std::string &list) {
  auto sigmas = readList<double>(list);
  bool isGood = sigmas && sigmas->front() <= 1 && sigmas->back() > 0;
  for (size_t i = 1; isGood && i < sigmas->size(); ++i)
    isGood = (*sigmas)[i] < (*sigmas)[i - 1];
  if (!isGood)
    failFlag("the sigmas must be noise levels that descend from at most 1 and "
             "stay above 0, such as 1,0.75,0.5, but are {}",
             inQuotes(list));
  sigmas->push_back(0);
  return *sigmas;
}

} // namespace dit::runtime
