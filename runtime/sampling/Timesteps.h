// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which of a model's timesteps a sampler goes through.
#ifndef DIT_RUNTIME_SAMPLING_TIMESTEPS_H
#define DIT_RUNTIME_SAMPLING_TIMESTEPS_H

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace dit::runtime {

struct SpacingEntry {
  const char *name;
  const char *summary;
};

/// How N timesteps are spread, by name.
std::span<const SpacingEntry> spacings();

/// Which of `total` timesteps `steps` keeps, ascending. "250" spreads 250 of
/// them by `spacing`; "ddim50" takes every k-th with the smallest k that gives
/// 50; "10,15,20" spreads 10 evenly in the first of three equal sections, 15 in
/// the second and 20 in the last. Throws a FlagError for what cannot be done.
std::vector<int64_t> keptTimesteps(int64_t total, const std::string &steps,
                                   const std::string &spacing = "even");

/// Those of "999,750,500", which must descend, ascending. Throws a FlagError.
std::vector<int64_t> listedTimesteps(int64_t total, const std::string &list);

/// The noise levels of "1,0.75,0.5", which must descend from at most 1 and stay
/// above 0, and the 0 that they end at. Throws a FlagError.
std::vector<double> listedSigmas(const std::string &list);

} // namespace dit::runtime

#endif // DIT_RUNTIME_SAMPLING_TIMESTEPS_H
