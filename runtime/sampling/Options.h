// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The choices of how to sample, each listed once: `ditc sample` and `ditc
// inspect` make their flags of this list, the settings in a file are written
// and ditc_sampling of ditc.h is converted by it.
//
// A new choice is a field of SampleRequest, one of ditc_sampling, its default
// in defaultRequest, and a line here.
#ifndef DIT_RUNTIME_SAMPLING_OPTIONS_H
#define DIT_RUNTIME_SAMPLING_OPTIONS_H

#include "runtime/sampling/SamplingPlan.h"

#include <nlohmann/json.hpp>

struct ditc_sampling;

namespace dit::runtime {

struct SamplingOption {
  /// As settings and ditc_sampling have it, "cfg_scale"; the flag is
  /// --cfg-scale.
  std::string name;
  std::string summary; ///< for --help
  /// Whether a sampler's table depends on it, which ditc inspect prints.
  bool ofTable = false;
  /// Whether the flag may stand alone, for true.
  bool isSwitch = false;

  /// Reads a flag's value. Throws a FlagError.
  std::function<void(const std::string &text, SampleRequest &request)> parse;
  /// The value for a file's settings; null where there is nothing to say.
  std::function<nlohmann::ordered_json(const SamplingPlan &plan)> show;
  std::function<bool(const SampleRequest &a, const SampleRequest &b)> isSame;
  /// Throws an Error for a string that is null.
  std::function<void(const ditc_sampling &from, SampleRequest &to)> fromC;
  /// Strings belong to `from`.
  std::function<void(const SampleRequest &from, ditc_sampling &to)> toC;
  /// Throws a FlagError for a number out of bounds.
  std::function<void(const SampleRequest &request)> checkBounds;
  /// Why another value would change nothing, "" where it would; may be empty.
  std::function<std::string(const SamplingPlan &plan)> idle;

  std::string flag() const;
};

/// All of them, in the order of the settings.
const std::vector<SamplingOption> &samplingOptions();

/// Throws a FlagError for every choice that is not the model's own and has no
/// effect in `plan`.
void checkEffects(const SamplingPlan &plan);

/// What made the samples, by name.
nlohmann::ordered_json describeChoices(const SamplingPlan &plan);

/// "0" to "18446744073709551615". Throws a FlagError for anything else.
uint64_t parseSeed(const std::string &text);

} // namespace dit::runtime

#endif // DIT_RUNTIME_SAMPLING_OPTIONS_H
