// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What follows a network evaluation: guidance, the sampler's update and its
// noise, in one kernel. Every sampler is a table of numbers, one row an
// evaluation; the formulas are runtime/sampling/Guidance.h's and StepRow.h's.
#ifndef DIT_STEP_H
#define DIT_STEP_H

#include "dit_device.h"

#include "StepRow.h" // of runtime/sampling/samplers

namespace dit {

using runtime::StepRow;

/// One block a sample, kThreads of it; 8 bytes of shared memory a warp. Element
/// e = threadIdx.x, + kThreads, ... is one thread's alone.
template <int kChannels, int kOutChannels, int kHeight, int kWidth,
          int kThreads>
struct Step {
  static constexpr int kPixels = kHeight * kWidth;
  static constexpr int kElements = kChannels * kPixels;
  static constexpr int kOutElements = kOutChannels * kPixels;
  static constexpr bool kLearnsSigma = kOutChannels == 2 * kChannels;
  static constexpr int kSharedBytes = kThreads / 32 * 8;

  /// The sums over the block, the same bits in every thread.
  static DIT_INLINE float2 blockSum(float2 v) {
    DIT_SHARED(shared);
    float2 *const ofWarp = reinterpret_cast<float2 *>(shared);
    for (int lanes = 16; lanes; lanes /= 2)
      v = v + make_float2(__shfl_xor_sync(~0u, v.x, lanes),
                          __shfl_xor_sync(~0u, v.y, lanes));
    __syncthreads(); // the sums before have been read
    if (threadIdx.x % 32 == 0)
      ofWarp[threadIdx.x / 32] = v;
    __syncthreads();
    v = ofWarp[0];
    for (int warp = 1; warp < kThreads / 32; ++warp)
      v = v + ofWarp[warp];
    return v;
  }

  /// The prediction of element e: what the network says with the label, led
  /// away from what it says without it.
  static DIT_INLINE float guided(const StepRow &row, float c, float u) {
    return (row.guidesFromConditional ? c : u) + row.guidanceScale * (c - u);
  }

  /// rescale * deviation(c) / deviation(guided) + 1 - rescale, over the guided
  /// channels; 1 where the guided prediction is the same everywhere.
  static DIT_INLINE float rescaling(const StepRow &row,
                                    const float *__restrict__ c,
                                    const float *__restrict__ u) {
    const int count = row.guidedChannels * kPixels;
    float2 sum = make_float2(0.f, 0.f);
    DIT_FOR_BY_4 (int e = threadIdx.x; e < count; e += kThreads)
      sum = sum + make_float2(c[e], guided(row, c[e], u[e]));
    sum = blockSum(sum);
    const float each = device::rcp(count);
    const float2 mean = make_float2(sum.x * each, sum.y * each);
    float2 squares = make_float2(0.f, 0.f);
    DIT_FOR_BY_4 (int e = threadIdx.x; e < count; e += kThreads) {
      const float2 centred =
          make_float2(c[e] - mean.x, guided(row, c[e], u[e]) - mean.y);
      squares = squares + centred * centred;
    }
    squares = blockSum(squares);
    if (squares.y == 0.f)
      return 1.f;
    // sqrt(x / y), right for an x of 0 and for sums that overflow as a product.
    const float ratio = rsqrtf(squares.y) * device::rcp(rsqrtf(squares.x));
    return row.guidanceRescale * ratio + 1.f - row.guidanceRescale;
  }

  /// What h1 and h2 are not read for, where their coefficients are 0, they need
  /// not hold.
  static DIT_INLINE float mixed(const float (&m)[4], float x, float estimate,
                                float h1, float h2) {
    return m[0] * x + m[1] * estimate + m[2] * h1 + m[3] * h2;
  }

  /// `noise` and `history` may be null for a row that does not use them.
  static DIT_INLINE void
  run(const float *__restrict__ out,   // (n or 2 n, C_out, H, W)
      const float *__restrict__ noise, // (n, C, H, W)
      float *__restrict__ history,     // (n, 2, C, H, W)
      float *__restrict__ x,           // (n or 2 n, C, H, W)
      const StepRow *__restrict__ table, int samples, int isGuided) {
    const StepRow row = *table;
    const long long n = blockIdx.x;
    const float *const c = out + n * kOutElements;
    const float *const u = c + (long long)samples * kOutElements;
    const long long at = n * kElements; // of the sample, in x and noise
    float *const state = x + at;
    float *const copy = state + (long long)samples * kElements;

    const float factor =
        isGuided && row.guidanceRescale != 0.f ? rescaling(row, c, u) : 1.f;
    const int guidedElements = isGuided ? row.guidedChannels * kPixels : 0;
    const bool readsFirst =
        row.mix[0][2] != 0.f || row.mix[1][2] != 0.f || row.mix[2][2] != 0.f;
    const bool readsSecond =
        row.mix[0][3] != 0.f || row.mix[1][3] != 0.f || row.mix[2][3] != 0.f;
    for (int e = threadIdx.x; e < kElements; e += kThreads) {
      float p = c[e];
      if (e < guidedElements)
        p = factor * guided(row, p, u[e]);
      const float before = state[e];
      float estimate = row.xToEstimate * before + row.predictionToEstimate * p;
      if (row.clips) // what is not a number stays so
        estimate = estimate < -1.f ? -1.f : estimate > 1.f ? 1.f : estimate;
      const float h1 = readsFirst ? history[2 * at + e] : 0.f;
      const float h2 = readsSecond ? history[2 * at + kElements + e] : 0.f;
      float next = mixed(row.mix[0], before, estimate, h1, h2);
      if (row.historyKept > 0)
        history[2 * at + e] = mixed(row.mix[1], before, estimate, h1, h2);
      if (row.historyKept > 1)
        history[2 * at + kElements + e] =
            mixed(row.mix[2], before, estimate, h1, h2);
      if (kLearnsSigma && row.learnsVariance) {
        const float fraction = (c[kElements + e] + 1.f) / 2.f;
        next += expf(0.5f *
                     (fraction * row.logHigh + (1.f - fraction) * row.logLow)) *
                noise[at + e];
      } else if (row.sigma != 0.f) {
        next += row.sigma * noise[at + e];
      }
      state[e] = next;
      if (isGuided)
        copy[e] = next;
    }
  }
};

} // namespace dit

#endif // DIT_STEP_H
