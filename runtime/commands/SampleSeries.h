// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Many samples into one .npz, in bounded memory, over as many runs and
// processes as it takes: ditc sample --count, ditc join.
#ifndef DIT_RUNTIME_COMMANDS_SAMPLESERIES_H
#define DIT_RUNTIME_COMMANDS_SAMPLESERIES_H

#include "runtime/sampling/Sampling.h"

#include <nlohmann/json.hpp>

namespace dit::runtime {

/// Samples [first, end) of a series.
struct SampleRange {
  int64_t first, end;
};

/// Part i of n ("1/8" to "8/8") of `count` samples: from count * (i - 1) / n to
/// count * i / n, rounded down. Throws a FlagError for anything else, and for
/// an empty part.
SampleRange parseShard(const std::string &text, int64_t count);

/// The label of sample n: the first word of philox(counter (0, 0xffffffff, n,
/// 0), key seed), times `classes`, divided by 2^32, rounded down. The noise has
/// no such counter.
int32_t uniformLabel(uint64_t seed, int64_t n, int64_t classes);

/// What --count asks for.
struct SampleSeries {
  std::string output; ///< .npz
  int64_t count = 0;
  std::string shard = "1/1";
  /// Sample n has labels[n mod size]; uniform labels when it is empty.
  std::vector<int32_t> labels;
  /// Of all that the samples depend on.
  nlohmann::ordered_json settings;
};

/// `settings` with what the file is: `dtype` and `shape` of a sample, bytes
/// (H, W, C) or float32 (C, H, W) of latents, `count` of the series, `samples`
/// [first, end) of the file.
nlohmann::ordered_json seriesSettings(nlohmann::ordered_json settings,
                                      const Manifest &manifest, int64_t count,
                                      SampleRange range);

/// Draws what is missing of the series and prints what it made. `plan` is of
/// any labels.
void sampleSeries(Denoiser &denoiser, const SamplingPlan &plan,
                  const SampleSeries &series, bool quiet);

} // namespace dit::runtime

#endif // DIT_RUNTIME_COMMANDS_SAMPLESERIES_H
