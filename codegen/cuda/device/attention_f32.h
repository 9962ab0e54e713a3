// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// softmax(q k^T scale) v of one head, in one pass over the keys, all in float32
// on the ordinary cores: any head_dim, any number of tokens, of float or bf16.
#ifndef DIT_ATTENTION_F32_H
#define DIT_ATTENTION_F32_H

#include "row.h"

namespace dit {

DIT_INLINE float warpMax(float x) {
  DIT_FOR (int lanes = 16; lanes; lanes /= 2)
    x = fmaxf(x, __shfl_xor_sync(0xffffffffu, x, lanes));
  return x;
}

/// A block holds 16 queries, 4 a warp, and meets the keys in blocks of 32: a
/// lane has one key's score, and the features lane, lane + 32, ... of the sums.
template <int D> struct AttentionF32 {
  static constexpr int kThreads = 128;
  static constexpr int kQueries = 16, kKeys = 32, kPerWarp = 4;
  static constexpr int kRounds = (D + 31) / 32;
  /// Odd, so that lanes that each read their own key meet different banks.
  static constexpr int kPitch = D + 1 - D % 2;
  static constexpr int kFloats =
      kQueries * D + 2 * kKeys * kPitch + kQueries * kKeys;
  static constexpr int kSharedBytes = kFloats * 4;

  /// One query's running softmax; `top` is the largest score yet, `total` this
  /// lane's part of the sum.
  struct Query {
    float out[kRounds] = {};
    float top = -1e30f, total = 0.f;
  };

  /// `count` rows of D from row0 on, zeros past `rows`.
  template <class T>
  static DIT_INLINE void fetch(float *tile, int pitch, int count, const T *from,
                               int stride, int row0, int rows) {
    for (int i = threadIdx.x; i < count * D; i += kThreads) {
      const int r = i / D, d = i % D;
      tile[r * pitch + d] =
          row0 + r < rows ? toFloat(from[(long long)(row0 + r) * stride + d])
                          : 0.f;
    }
  }

  /// Leaves exp(score - top) of every key in `weights`.
  static DIT_INLINE void softmax(Query &query, float *weights, const float *q,
                                 const float *keys, float scaleLog2e,
                                 int left) {
    const int lane = threadIdx.x & 31;
    float score = 0.f;
    for (int d = 0; d < D; ++d)
      score += q[d] * keys[lane * kPitch + d];
    score = lane < left ? score * scaleLog2e : -1e30f;
    const float top = fmaxf(query.top, warpMax(score));
    const float shrink = device::ex2(query.top - top);
    const float weight = lane < left ? device::ex2(score - top) : 0.f;
    query.top = top;
    query.total = query.total * shrink + weight;
    DIT_FOR (int i = 0; i < kRounds; ++i)
      query.out[i] *= shrink;
    weights[lane] = weight;
  }

  static DIT_INLINE void addValues(Query &query, const float *weights,
                                   const float *values) {
    for (int s = 0; s < kKeys; ++s)
      DIT_FOR (int i = 0; i < kRounds; ++i) {
        const int d = (threadIdx.x & 31) + 32 * i;
        if (d < D)
          query.out[i] += weights[s] * values[s * kPitch + d];
      }
  }

  /// Queries blockIdx.x * 16 and on. Rows lie `stride` elements apart.
  template <class From, class To>
  static DIT_INLINE void run(unsigned char *shared, const From *q, int strideQ,
                             int queries, const From *k, int strideK,
                             const From *v, int strideV, int keys, To *to,
                             int strideTo, float scale) {
    float *tileQ = reinterpret_cast<float *>(shared);
    float *tileK = tileQ + kQueries * D, *tileV = tileK + kKeys * kPitch;
    const int lane = threadIdx.x & 31, first = threadIdx.x / 32 * kPerWarp;
    float *weights = tileV + kKeys * kPitch + first * kKeys;
    const int row0 = blockIdx.x * kQueries;
    fetch(tileQ, D, kQueries, q, strideQ, row0, queries);

    Query mine[kPerWarp];
    for (int key0 = 0; key0 < keys; key0 += kKeys) {
      fetch(tileK, kPitch, kKeys, k, strideK, key0, keys);
      fetch(tileV, kPitch, kKeys, v, strideV, key0, keys);
      __syncthreads();
      DIT_FOR (int i = 0; i < kPerWarp; ++i)
        softmax(mine[i], weights + i * kKeys, tileQ + (first + i) * D, tileK,
                scale * 1.44269504f, keys - key0);
      __syncwarp();
      DIT_FOR (int i = 0; i < kPerWarp; ++i)
        addValues(mine[i], weights + i * kKeys, tileV);
      __syncthreads(); // all have read what the next fetch overwrites
    }
    DIT_FOR (int i = 0; i < kPerWarp; ++i) {
      const float inverse = device::rcp(warpSum(mine[i].total));
      DIT_FOR (int r = 0; r < kRounds; ++r) {
        const int d = lane + 32 * r, row = row0 + first + i;
        if (d < D && row < queries)
          store1(to + (long long)row * strideTo + d, mine[i].out[r] * inverse);
      }
    }
  }
};

} // namespace dit

#endif // DIT_ATTENTION_F32_H
