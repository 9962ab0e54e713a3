// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// StepRow's formula, a block of elements at a time; what a row does not use is
// skipped for the whole block.
#include "runtime/sampling/samplers/Step.h"

#include "runtime/sampling/samplers/Sampler.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace dit::runtime {

// The order of the fields is also a GPU's, whose kernels were compiled with the
// StepRow.h of their day: an artifact's may not be another.
#define DIT_STEP_ROW_AT(field, offset)                                         \
  static_assert(offsetof(StepRow, field) == offset)
DIT_STEP_ROW_AT(xToEstimate, 0);
DIT_STEP_ROW_AT(predictionToEstimate, 4);
DIT_STEP_ROW_AT(mix, 8);
DIT_STEP_ROW_AT(sigma, 56);
DIT_STEP_ROW_AT(logLow, 60);
DIT_STEP_ROW_AT(logHigh, 64);
DIT_STEP_ROW_AT(guidanceScale, 68);
DIT_STEP_ROW_AT(guidanceRescale, 72);
DIT_STEP_ROW_AT(guidedChannels, 76);
DIT_STEP_ROW_AT(guidesFromConditional, 80);
DIT_STEP_ROW_AT(clips, 84);
DIT_STEP_ROW_AT(learnsVariance, 88);
DIT_STEP_ROW_AT(historyKept, 92);
#undef DIT_STEP_ROW_AT

namespace {

/// Elements taken at once, so that what lies between x and x' stays in the
/// first cache.
constexpr int64_t block = 256;

/// x, e, h1 and h2 of a block.
using Terms = const float *const[4];

/// out = m . terms; h1 and h2 are not read where their coefficients are 0.
void combine(const float (&m)[4], Terms &terms, int64_t n, float *out) {
  const float *x = terms[0], *estimate = terms[1];
  for (int64_t i = 0; i < n; ++i)
    out[i] = m[0] * x[i] + m[1] * estimate[i];
  for (int kept : {2, 3})
    if (const float *h = terms[kept]; m[kept] != 0)
      for (int64_t i = 0; i < n; ++i)
        out[i] += m[kept] * h[i];
}

/// Null in an empty span, which no row reads.
template <typename T> T *at(std::span<T> values, int64_t index) {
  return values.empty() ? nullptr : values.data() + index;
}

void estimateOf(const StepRow &row, const float *x, const float *prediction,
                int64_t n, float *estimate) {
  for (int64_t i = 0; i < n; ++i)
    estimate[i] =
        row.xToEstimate * x[i] + row.predictionToEstimate * prediction[i];
  if (row.clips)
    for (int64_t i = 0; i < n; ++i)
      estimate[i] = std::clamp(estimate[i], -1.0f, 1.0f);
}

/// `variance` is read where the row learns it.
void addNoise(const StepRow &row, const float *variance, const float *noise,
              int64_t n, float *x) {
  if (!row.learnsVariance) {
    for (int64_t i = 0; i < n; ++i)
      x[i] += row.sigma * noise[i];
    return;
  }
  for (int64_t i = 0; i < n; ++i) {
    float fraction = (variance[i] + 1) / 2;
    float logVariance = fraction * row.logHigh + (1 - fraction) * row.logLow;
    // In double, so that it is rounded once on every machine.
    x[i] +=
        static_cast<float>(std::exp(static_cast<double>(0.5f * logVariance))) *
        noise[i];
  }
}

} // namespace

void applyStep(const StepRow &row, int64_t evaluation,
               const SampleState &state) {
  auto count = static_cast<int64_t>(state.x.size());
  float estimate[block], next[3][block], noise[block];
  for (int64_t first = 0; first < count; first += block) {
    int64_t n = std::min(block, count - first);
    float *x = state.x.data() + first;
    float *h1 = at(state.history, first);
    float *h2 = at(state.history.subspan(h1 ? count : 0), first);
    estimateOf(row, x, state.prediction.data() + first, n, estimate);
    Terms terms = {x, estimate, h1, h2};
    for (int made = 0; made <= row.historyKept; ++made)
      combine(row.mix[made], terms, n, next[made]);
    if (drawsNoise(row)) {
      state.noise.normal(state.sample, evaluation, first,
                         {noise, static_cast<size_t>(n)});
      addNoise(row, at(state.variance, first), noise, n, next[0]);
    }
    float *const places[] = {x, h1, h2};
    for (int made = 0; made <= row.historyKept; ++made)
      std::copy_n(next[made], n, places[made]);
  }
}

} // namespace dit::runtime
