// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// out(m, n) = epilogue(sum over k of a(m, k) w(n, k)): bf16 in, float32
// accumulators, mma.sync fed by cp.async. For sm_80 and later.
#ifndef DIT_MATMUL_H
#define DIT_MATMUL_H

#include "dit_device.h"

namespace dit {

/// A block's M x N tile, K deep at a time, with `Stages` of them in shared
/// memory; WarpsM x WarpsN warps share it. The grid is (column tiles, row
/// tiles).
template <int M, int N, int K, int Stages, int WarpsM, int WarpsN>
struct MatmulTile {
  static constexpr int kThreads = 32 * WarpsM * WarpsN;
  /// Rows are an odd number of 16-byte words apart: ldmatrix meets every bank.
  static constexpr int kPitch = K + 8;
  static constexpr int kStage = (M + N) * kPitch;
  static constexpr int kSharedBytes = Stages * kStage * 2;
  static constexpr int kMmaM = M / WarpsM / 16, kMmaN = N / WarpsN / 8;
  static_assert(M % (16 * WarpsM) == 0 && N % (16 * WarpsN) == 0);
  static_assert(K % 16 == 0 && Stages >= 2);

  /// Rows [row0, row0 + kRows) and columns [k0, k0 + K) of a row-major matrix;
  /// zeros outside of it.
  template <int kRows, int Depth>
  static DIT_INLINE void fetch(bf16 *tile, const bf16 *matrix, int row0,
                               int rows, int k0) {
    for (int i = threadIdx.x; i < kRows * (K / 8); i += kThreads) {
      const int r = i / (K / 8), c = i % (K / 8) * 8;
      const bool inside = row0 + r < rows && k0 + c < Depth;
      const long long at = inside ? (long long)(row0 + r) * Depth + k0 + c : 0;
      device::cp_async16(tile + r * kPitch + c, matrix + at, inside);
    }
  }

  /// acc += a w^T over one stage, for this warp's part of the tile.
  static DIT_INLINE void multiply(float (&acc)[kMmaM][kMmaN][4], const bf16 *a,
                                  const bf16 *w) {
    const int lane = threadIdx.x & 31;
    DIT_FOR (int k = 0; k < K; k += 16) {
      unsigned fa[kMmaM][4], fw[kMmaN / 2][4];
      DIT_FOR (int i = 0; i < kMmaM; ++i)
        device::ldmatrix_x4(fa[i], a + (i * 16 + lane % 16) * kPitch + k +
                                       lane / 16 * 8);
      DIT_FOR (int j = 0; j < kMmaN / 2; ++j)
        device::ldmatrix_x4(fw[j],
                            w + (j * 16 + lane % 8 + lane / 16 * 8) * kPitch +
                                k + lane / 8 % 2 * 8);
      DIT_FOR (int i = 0; i < kMmaM; ++i)
        DIT_FOR (int j = 0; j < kMmaN; ++j)
          device::mma_m16n8k16_bf16(acc[i][j], fa[i], fw[j / 2][j % 2 * 2],
                                    fw[j / 2][j % 2 * 2 + 1]);
    }
  }

  /// a (rows, Depth), w (columns, Depth), row-major, Depth a multiple of 8,
  /// columns even. Calls epilogue(m, n, {out(m, n), out(m, n + 1)}).
  template <int Depth, class Epilogue>
  static DIT_INLINE void run(unsigned char *shared, const bf16 *a, int rows,
                             const bf16 *w, int columns, Epilogue epilogue) {
    static_assert(Depth % 8 == 0);
    constexpr int kSteps = (Depth + K - 1) / K;
    bf16 *stages = reinterpret_cast<bf16 *>(shared);
    const int lane = threadIdx.x & 31, warp = threadIdx.x / 32;
    const int m0 = blockIdx.y * M, n0 = blockIdx.x * N;
    const int warpM = warp / WarpsN * (M / WarpsM);
    const int warpN = warp % WarpsN * (N / WarpsN);
    float acc[kMmaM][kMmaN][4] = {};

    // One group a step, also where nothing is left to fetch: the wait counts.
    auto start = [&](int step) {
      if (step < kSteps) {
        bf16 *stage = stages + step % Stages * kStage;
        fetch<M, Depth>(stage, a, m0, rows, step * K);
        fetch<N, Depth>(stage + M * kPitch, w, n0, columns, step * K);
      }
      device::cp_async_commit();
    };
    for (int step = 0; step < Stages - 1; ++step)
      start(step);

    for (int step = 0; step < kSteps; ++step) {
      device::cp_async_wait<Stages - 2>();
      // This stage is there for all; the one refilled next was read by all.
      __syncthreads();
      start(step + Stages - 1);
      const bf16 *stage = stages + step % Stages * kStage;
      multiply(acc, stage + warpM * kPitch, stage + (M + warpN) * kPitch);
    }

    DIT_FOR (int i = 0; i < kMmaM; ++i)
      DIT_FOR (int j = 0; j < kMmaN; ++j)
        DIT_FOR (int half = 0; half < 2; ++half) {
          const int m = m0 + warpM + i * 16 + half * 8 + lane / 4;
          const int n = n0 + warpN + j * 8 + lane % 4 * 2;
          if (m < rows && n < columns)
            epilogue(m, n,
                     make_float2(acc[i][j][2 * half], acc[i][j][2 * half + 1]));
        }
  }
};

} // namespace dit

#endif // DIT_MATMUL_H
