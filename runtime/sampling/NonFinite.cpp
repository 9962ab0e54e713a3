// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Nobody looks at the states on their way, which may be a GPU's. Where the
// result is not finite, its sample is drawn a second time and watched.
#include "runtime/sampling/NonFinite.h"

#include "runtime/Error.h"
#include "runtime/sampling/Sampling.h"

#include <algorithm>
#include <cmath>

namespace dit::runtime {
namespace {

bool isFinite(std::span<const float> values) {
  return std::all_of(values.begin(), values.end(),
                     [](float v) { return std::isfinite(v); });
}

/// The number of an evaluation; thrown, so that no other is made.
struct Found {
  int64_t evaluation;
};

/// The evaluation after which sample `n` of the plan is not finite.
int64_t firstBad(Denoiser &denoiser, const SamplingPlan &plan, int64_t n) {
  // Another source's noise depends on all samples.
  const bool alone = plan.request().rng == "counter";
  SamplingPlan again = alone ? plan.of({plan.request().labels[n]},
                                       plan.request().firstSample + n)
                             : plan;
  const int64_t wanted = alone ? 0 : n, floats = plan.manifest().sampleFloats();
  again.setProgress({});
  again.setObserve([&](int64_t i, int64_t first, std::span<const float> x) {
    int64_t at = (wanted - first) * floats;
    if (at < 0 || at >= std::ssize(x))
      return;
    if (!isFinite(
            x.subspan(static_cast<size_t>(at), static_cast<size_t>(floats))))
      throw Found{i};
  });
  try {
    sample(denoiser, again);
  } catch (const Found &found) {
    return found.evaluation;
  }
  return plan.evaluations() - 1;
}

} // namespace

void requireFinite(Denoiser &denoiser, const SamplingPlan &plan,
                   std::span<const float> samples) {
  auto floats = static_cast<size_t>(plan.manifest().sampleFloats());
  std::vector<int64_t> bad;
  for (int64_t n = 0; n < plan.samples(); ++n)
    if (!isFinite(samples.subspan(static_cast<size_t>(n) * floats, floats)))
      bad.push_back(n);
  if (bad.empty())
    return;
  int64_t n = bad.front(), evaluation = firstBad(denoiser, plan, n);
  fail("{} of {} samples have values that are not finite: sample {}, of {} "
       "{}, from evaluation {} of {} on, at t = {}",
       bad.size(), plan.samples(), plan.request().firstSample + n,
       plan.conditions().areLabels() ? "class" : "input row",
       plan.request().labels[n], evaluation + 1, plan.evaluations(),
       plan.sampler().times[static_cast<size_t>(evaluation)]);
}

} // namespace dit::runtime
