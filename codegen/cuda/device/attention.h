// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// softmax(q k^T scale) v of one head, in one pass over the keys: bf16 in and
// out, float32 scores and sums, mma.sync fed by cp.async. For sm_80 and later.
#ifndef DIT_ATTENTION_H
#define DIT_ATTENTION_H

#include "dit_device.h"

namespace dit {

/// A block holds 64 queries, 16 a warp, and meets the keys in blocks of 64, the
/// next block in flight. D is any multiple of 8; q k^T runs over D rounded up
/// to 16, p v over D itself.
template <int D> struct Attention {
  static constexpr int kThreads = 128;
  static constexpr int kQueries = 64, kKeys = 64;
  static constexpr int kDepth = (D + 15) / 16 * 16;
  /// Rows are an odd number of 16-byte words apart: ldmatrix meets every bank.
  static constexpr int kPitch = kDepth + 8;
  static constexpr int kTile = kKeys * kPitch;
  static constexpr int kSharedBytes = (kQueries * kPitch + 4 * kTile) * 2;
  static_assert(D % 8 == 0);

  /// One warp's running softmax: row r of lane l is l / 4 + 8 r.
  float out[D / 8][4] = {};
  float top[2] = {-1e30f, -1e30f}; ///< largest score yet, times log2(e)
  float total[2] = {0.f, 0.f};     ///< this lane's part of the sum

  /// 64 rows of D, `stride` elements apart; zeros past `rows` and past D.
  static DIT_INLINE void fetch(bf16 *tile, const bf16 *from, int stride,
                               int row0, int rows) {
    for (int i = threadIdx.x; i < 64 * (kDepth / 8); i += kThreads) {
      const int r = i / (kDepth / 8), c = i % (kDepth / 8) * 8;
      const bool inside = row0 + r < rows && c < D;
      const long long at = inside ? (long long)(row0 + r) * stride + c : 0;
      device::cp_async16(tile + r * kPitch + c, from + at, inside);
    }
  }

  /// s (16, 64) = q k^T: columns 8 j + l % 4 * 2 and the next.
  static DIT_INLINE void scores(float (&s)[8][4],
                                const unsigned (&q)[kDepth / 16][4],
                                const bf16 *keys) {
    const int lane = threadIdx.x & 31;
    DIT_FOR (int k = 0; k < kDepth / 16; ++k)
      DIT_FOR (int j = 0; j < 8; j += 2) {
        unsigned f[4];
        device::ldmatrix_x4(f, keys +
                                   (j * 8 + lane / 16 * 8 + lane % 8) * kPitch +
                                   k * 16 + lane / 8 % 2 * 8);
        device::mma_m16n8k16_bf16(s[j], q[k], f[0], f[1]);
        device::mma_m16n8k16_bf16(s[j + 1], q[k], f[2], f[3]);
      }
  }

  /// s becomes exp(s scale - top); what was summed before is scaled to the new
  /// top. `left` keys exist from this block on.
  DIT_INLINE void softmax(float (&s)[8][4], float scaleLog2e, int left) {
    const int column = threadIdx.x % 4 * 2;
    DIT_FOR (int r = 0; r < 2; ++r) {
      float high = top[r];
      DIT_FOR (int j = 0; j < 8; ++j)
        DIT_FOR (int e = 0; e < 2; ++e) {
          float &x = s[j][2 * r + e];
          x = j * 8 + column + e < left ? x * scaleLog2e : -1e30f;
          high = fmaxf(high, x);
        }
      high = fmaxf(high, __shfl_xor_sync(0xffffffffu, high, 1));
      high = fmaxf(high, __shfl_xor_sync(0xffffffffu, high, 2));
      const float shrink = device::ex2(top[r] - high);
      top[r] = high;
      total[r] *= shrink;
      DIT_FOR (int j = 0; j < 8; ++j)
        DIT_FOR (int e = 0; e < 2; ++e) {
          float &x = s[j][2 * r + e];
          x = device::ex2(x - high);
          total[r] += x;
        }
      DIT_FOR (int j = 0; j < D / 8; ++j) {
        out[j][2 * r] *= shrink;
        out[j][2 * r + 1] *= shrink;
      }
    }
  }

  /// out += p v. A score fragment is an operand fragment as it is.
  DIT_INLINE void addValues(const float (&p)[8][4], const bf16 *values) {
    const int lane = threadIdx.x & 31;
    DIT_FOR (int k = 0; k < 4; ++k) {
      const unsigned a[4] = {
          device::pack_bf16x2(p[2 * k][0], p[2 * k][1]),
          device::pack_bf16x2(p[2 * k][2], p[2 * k][3]),
          device::pack_bf16x2(p[2 * k + 1][0], p[2 * k + 1][1]),
          device::pack_bf16x2(p[2 * k + 1][2], p[2 * k + 1][3])};
      DIT_FOR (int j = 0; j < D / 8; j += 2) {
        unsigned f[4];
        device::ldmatrix_x4_trans(f, values + (k * 16 + lane % 16) * kPitch +
                                         (j + lane / 16) * 8);
        device::mma_m16n8k16_bf16(out[j], a, f[0], f[1]);
        if (j + 1 < D / 8)
          device::mma_m16n8k16_bf16(out[j + 1 < D / 8 ? j + 1 : j], a, f[2],
                                    f[3]);
      }
    }
  }

  template <class T>
  DIT_INLINE void store(T *to, int stride, int row0, int rows) {
    const int lane = threadIdx.x & 31;
    DIT_FOR (int r = 0; r < 2; ++r) {
      float sum = total[r];
      sum += __shfl_xor_sync(0xffffffffu, sum, 1);
      sum += __shfl_xor_sync(0xffffffffu, sum, 2);
      const float inverse = device::rcp(sum); // 1 or more
      const int row = row0 + lane / 4 + 8 * r;
      if (row < rows)
        DIT_FOR (int j = 0; j < D / 8; ++j)
          store2(to + (long long)row * stride + j * 8 + lane % 4 * 2,
                 make_float2(out[j][2 * r] * inverse,
                             out[j][2 * r + 1] * inverse));
    }
  }

  /// Queries blockIdx.x * 64 and on. q (queries, D), k and v (keys, D), to
  /// (queries, D), of float or bf16: rows lie `stride` elements apart, of q, k
  /// and v a multiple of 8, of `to` of 2.
  template <class T>
  static DIT_INLINE void run(unsigned char *shared, const bf16 *q, int strideQ,
                             int queries, const bf16 *k, int strideK,
                             const bf16 *v, int strideV, int keys, T *to,
                             int strideTo, float scale) {
    bf16 *tileQ = reinterpret_cast<bf16 *>(shared);
    bf16 *tilesK = tileQ + kQueries * kPitch, *tilesV = tilesK + 2 * kTile;
    const int lane = threadIdx.x & 31, warp = threadIdx.x / 32;
    const int row0 = blockIdx.x * kQueries;
    const int blocks = (keys + kKeys - 1) / kKeys;
    auto start = [&](int block) {
      fetch(tilesK + block % 2 * kTile, k, strideK, block * kKeys, keys);
      fetch(tilesV + block % 2 * kTile, v, strideV, block * kKeys, keys);
      device::cp_async_commit();
    };
    fetch(tileQ, q, strideQ, row0, queries);
    start(0);

    Attention head;
    unsigned fragments[kDepth / 16][4];
    for (int block = 0; block < blocks; ++block) {
      if (block + 1 < blocks) {
        start(block + 1);
        device::cp_async_wait<1>();
      } else {
        device::cp_async_wait<0>();
      }
      __syncthreads();
      if (block == 0)
        DIT_FOR (int i = 0; i < kDepth / 16; ++i)
          device::ldmatrix_x4(fragments[i],
                              tileQ + (warp * 16 + lane % 16) * kPitch +
                                  i * 16 + lane / 16 * 8);
      float s[8][4] = {};
      scores(s, fragments, tilesK + block % 2 * kTile);
      head.softmax(s, scale * 1.44269504f, keys - block * kKeys);
      head.addValues(s, tilesV + block % 2 * kTile);
      __syncthreads(); // all have read what the next fetch overwrites
    }
    head.store(to, strideTo, row0 + warp * 16, queries);
  }
};

} // namespace dit

#endif // DIT_ATTENTION_H
