// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// out(m, n) = epilogue(sum over k of x(m, k) w(n, k)), all in float32 on the
// ordinary cores: no TF32, any shape, any architecture.
#ifndef DIT_MATMUL_F32_H
#define DIT_MATMUL_F32_H

#include "row.h"

namespace dit {

/// A block's M x N tile, 16 deep at a time. The grid is (column tiles, row
/// tiles). Thread (r, c) of an 8 x 16 arrangement owns rows r + 8 i and the
/// pairs of columns that begin at 2 c + 32 j.
template <int M, int N, int Depth> struct MatmulF32 {
  static constexpr int kThreads = 128;
  static constexpr int kStep = 16;
  static constexpr int kRows = M / 8, kPairs = N / 32;
  /// More than the tile: threads that write a column of it meet different
  /// banks. Pairs of w are aligned.
  static constexpr int kPitchX = M + 1, kPitchW = N + 2;
  static constexpr int kTiles = kStep * (kPitchX + kPitchW);
  static constexpr int kSharedBytes = kTiles * 4;
  /// With the x of the tile's rows beside it, computed before the matmul.
  static constexpr int kTilesAligned = (kTiles + 3) / 4 * 4;
  static constexpr int kSharedBytesWithRows = (kTilesAligned + M * Depth) * 4;
  static_assert(M % 8 == 0 && N % 32 == 0);

  /// acc += x w^T over one step.
  static DIT_INLINE void multiply(float2 (&acc)[kRows][kPairs],
                                  const float *tileX, const float *tileW) {
    const int r = threadIdx.x / 16, c = threadIdx.x % 16;
    DIT_FOR (int k = 0; k < kStep; ++k) {
      float2 w[kPairs];
      DIT_FOR (int j = 0; j < kPairs; ++j)
        w[j] = load2(tileW + k * kPitchW + 2 * c + 32 * j);
      DIT_FOR (int i = 0; i < kRows; ++i) {
        const float x = tileX[k * kPitchX + r + 8 * i];
        DIT_FOR (int j = 0; j < kPairs; ++j)
          acc[i][j] = acc[i][j] + make_float2(x, x) * w[j];
      }
    }
  }

  /// x(m, k) for m < rows, w (columns, Depth) row-major, float or bf16. Calls
  /// epilogue(m, n, {out(m, n), out(m, n + 1)}) for even n.
  template <class X, class W, class Epilogue>
  static DIT_INLINE void run(unsigned char *shared, X x, int rows, const W *w,
                             int columns, Epilogue epilogue) {
    float *tileX = reinterpret_cast<float *>(shared);
    float *tileW = tileX + kStep * kPitchX;
    const int m0 = blockIdx.y * M, n0 = blockIdx.x * N;
    float2 acc[kRows][kPairs] = {};
    for (int k0 = 0; k0 < Depth; k0 += kStep) {
      for (int i = threadIdx.x; i < M * kStep; i += kThreads) {
        const int m = i / kStep, k = i % kStep;
        const bool inside = m0 + m < rows && k0 + k < Depth;
        tileX[k * kPitchX + m] = inside ? x(m0 + m, k0 + k) : 0.f;
      }
      for (int i = threadIdx.x; i < N * kStep; i += kThreads) {
        const int n = i / kStep, k = i % kStep;
        const bool inside = n0 + n < columns && k0 + k < Depth;
        tileW[k * kPitchW + n] =
            inside ? toFloat(w[(long long)(n0 + n) * Depth + k0 + k]) : 0.f;
      }
      __syncthreads();
      multiply(acc, tileX, tileW);
      __syncthreads(); // all have read what the next step overwrites
    }
    DIT_FOR (int i = 0; i < kRows; ++i)
      DIT_FOR (int j = 0; j < kPairs; ++j) {
        const int m = m0 + threadIdx.x / 16 + 8 * i;
        const int n = n0 + threadIdx.x % 16 * 2 + 32 * j;
        if (m < rows && n < columns)
          epilogue(m, n, acc[i][j]);
      }
  }

  /// The same with x(m, :) = prologue(m), a Row that one warp computes.
  template <class Prologue, class W, class Epilogue>
  static DIT_INLINE void runRows(unsigned char *shared, Prologue prologue,
                                 int rows, const W *w, int columns,
                                 Epilogue epilogue) {
    float *x = reinterpret_cast<float *>(shared) + kTilesAligned;
    const int m0 = blockIdx.y * M;
    for (int m = threadIdx.x / 32; m < M && m0 + m < rows; m += kThreads / 32)
      store(x + m * Depth, prologue(m0 + m));
    __syncthreads();
    run(
        shared, [&](int m, int k) { return x[(m - m0) * Depth + k]; }, rows, w,
        columns, epilogue);
  }
};

} // namespace dit

#endif // DIT_MATMUL_F32_H
