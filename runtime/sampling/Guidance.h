// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Classifier-free guidance, applied to the network's output outside the
// network.
#ifndef DIT_RUNTIME_SAMPLING_GUIDANCE_H
#define DIT_RUNTIME_SAMPLING_GUIDANCE_H

#include <cstdint>
#include <string>

namespace dit::runtime {

/// With d = conditional - unconditional.
struct Guidance {
  /// unconditional + scale * d, as the published code has it, or where
  /// `fromConditional` conditional + scale * d, as the paper has it (w).
  double scale = 1;
  /// How much of the way the guided prediction's standard deviation is brought
  /// back to the conditional one's (Lin et al., 2024, arXiv 2305.08891).
  double rescale = 0;
  bool fromConditional = false;

  /// Whether the unconditional prediction matters.
  bool isNone() const { return scale == (fromConditional ? 0 : 1); }
};

/// By the name of its formula: "scale", where 1 is no guidance, or "weight",
/// where 0 is none; a weight is a scale less 1. Throws a FlagError for another
/// name.
Guidance makeGuidance(const std::string &formula, double scale, double rescale);

/// conditional[i] = unconditional[i] (or conditional[i]) + scale *
/// (conditional[i] - unconditional[i]) for the first `count` floats of a
/// sample: the guided channels, which come first. Then, with `rescale`, the
/// factor rescale * std(conditional) / std(guided) + 1 - rescale, both
/// deviations over these `count` floats. The rest of `conditional`, variance
/// channels included, stays.
void guide(float *conditional, const float *unconditional, int64_t count,
           const Guidance &guidance);

} // namespace dit::runtime

#endif // DIT_RUNTIME_SAMPLING_GUIDANCE_H
