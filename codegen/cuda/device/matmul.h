// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// out(m, n) = epilogue(sum over k of x(m, k) w(n, k)): bf16 in, or float
// rounded to tf32, float32 accumulators, mma.sync fed by cp.async. x comes from
// memory (MatmulTile), or is made row by row (MatmulRows). For sm_80 and later.
#ifndef DIT_MATMUL_H
#define DIT_MATMUL_H

#include "row.h"

namespace dit {

/// Elements in 16 bytes: what a copy takes, and a row of an 8x8 matrix. An
/// mma.sync is two of them deep.
template <class T> constexpr int kWord = 16 / sizeof(T);

/// As the tensor cores want them: floats become tf32.
template <class T> DIT_INLINE void convertFragment(unsigned (&f)[4]) {
  if constexpr (sizeof(T) == 4)
    DIT_FOR (int i = 0; i < 4; ++i)
      f[i] = device::to_tf32(__uint_as_float(f[i]));
}
template <class T>
DIT_INLINE void mma(float (&d)[4], const unsigned (&a)[4], unsigned b0,
                    unsigned b1) {
  if constexpr (sizeof(T) == 4)
    device::mma_m16n8k8_tf32(d, a, b0, b1);
  else
    device::mma_m16n8k16_bf16(d, a, b0, b1);
}

/// A block's M x N tile shared by WarpsM x WarpsN warps: one warp's part of the
/// sums.
template <int M, int N, int WarpsM, int WarpsN> struct WarpTile {
  static constexpr int kThreads = 32 * WarpsM * WarpsN;
  static constexpr int kMmaM = M / WarpsM / 16, kMmaN = N / WarpsN / 8;
  static_assert(M % (16 * WarpsM) == 0 && N % (16 * WarpsN) == 0);

  float acc[kMmaM][kMmaN][4] = {};

  /// Where this warp's part begins.
  static DIT_INLINE int row() {
    return threadIdx.x / 32 / WarpsN * (M / WarpsM);
  }
  static DIT_INLINE int column() {
    return threadIdx.x / 32 % WarpsN * (N / WarpsN);
  }

  /// acc += x w^T over K columns of tiles in shared memory, whose rows lie
  /// kPitchX and kPitchW elements apart.
  template <int K, int kPitchX, int kPitchW, class T>
  DIT_INLINE void multiply(const T *x, const T *w) {
    const int lane = threadIdx.x & 31;
    x += row() * kPitchX;
    w += column() * kPitchW;
    DIT_FOR (int k = 0; k < K; k += 2 * kWord<T>) {
      unsigned fx[kMmaM][4], fw[kMmaN / 2][4];
      DIT_FOR (int i = 0; i < kMmaM; ++i) {
        device::ldmatrix_x4(fx[i], x + (i * 16 + lane % 16) * kPitchX + k +
                                       lane / 16 * kWord<T>);
        convertFragment<T>(fx[i]);
      }
      DIT_FOR (int j = 0; j < kMmaN / 2; ++j) {
        device::ldmatrix_x4(fw[j],
                            w + (j * 16 + lane % 8 + lane / 16 * 8) * kPitchW +
                                k + lane / 8 % 2 * kWord<T>);
        convertFragment<T>(fw[j]);
      }
      DIT_FOR (int i = 0; i < kMmaM; ++i)
        DIT_FOR (int j = 0; j < kMmaN; ++j)
          mma<T>(acc[i][j], fx[i], fw[j / 2][j % 2 * 2],
                 fw[j / 2][j % 2 * 2 + 1]);
    }
  }

  /// Calls epilogue(m, n, {out(m, n), out(m, n + 1)}) where that is inside; the
  /// block's tile begins at (m0, n0).
  template <class Epilogue>
  DIT_INLINE void finish(int m0, int rows, int n0, int columns,
                         Epilogue epilogue) const {
    // Without a branch around each pair, loads go ahead of stores.
    if (m0 + M <= rows && n0 + N <= columns)
      visit(m0, n0, [&](int m, int n, float2 pair) { epilogue(m, n, pair); });
    else
      visit(m0, n0, [&](int m, int n, float2 pair) {
        if (m < rows && n < columns)
          epilogue(m, n, pair);
      });
  }

private:
  template <class Visitor>
  DIT_INLINE void visit(int m0, int n0, Visitor visitor) const {
    const int lane = threadIdx.x & 31;
    DIT_FOR (int i = 0; i < kMmaM; ++i)
      DIT_FOR (int j = 0; j < kMmaN; ++j)
        DIT_FOR (int half = 0; half < 2; ++half)
          visitor(m0 + row() + i * 16 + half * 8 + lane / 4,
                  n0 + column() + j * 8 + lane % 4 * 2,
                  make_float2(acc[i][j][2 * half], acc[i][j][2 * half + 1]));
  }
};

/// Starts the copy of rows [row0, row0 + kRows) and columns [k0, k0 + K) of a
/// row-major matrix; zeros outside of it. Depth is a multiple of a word.
template <int kRows, int K, int kPitch, int Depth, int kThreads, class T>
DIT_INLINE void fetchTile(T *tile, const T *matrix, int row0, int rows,
                          int k0) {
  constexpr int kWords = K / kWord<T>;
  static_assert(Depth % kWord<T> == 0);
  for (int i = threadIdx.x; i < kRows * kWords; i += kThreads) {
    const int r = i / kWords, c = i % kWords * kWord<T>;
    const bool inside = row0 + r < rows && k0 + c < Depth;
    const long long at = inside ? (long long)(row0 + r) * Depth + k0 + c : 0;
    device::cp_async16(tile + r * kPitch + c, matrix + at, inside);
  }
}

/// A block's M x N tile, K deep at a time, with `Stages` of them in shared
/// memory; WarpsM x WarpsN warps share it. The grid is (column tiles, row
/// tiles). T is bf16, or float to be multiplied as tf32.
template <class T, int M, int N, int K, int Stages, int WarpsM, int WarpsN>
struct MatmulTile {
  using Sums = WarpTile<M, N, WarpsM, WarpsN>;
  static constexpr int kThreads = Sums::kThreads;
  /// Rows are an odd number of 16-byte words apart: ldmatrix meets every bank.
  static constexpr int kPitch = K + kWord<T>;
  static constexpr int kStage = (M + N) * kPitch;
  static constexpr int kSharedBytes = Stages * kStage * sizeof(T);
  static_assert(K % (2 * kWord<T>) == 0 && Stages >= 2);

  /// x (rows, Depth), w (columns, Depth), row-major, Depth a multiple of a
  /// word. Calls epilogue(m, n, {out(m, n), out(m, n + 1)}) for even n.
  template <int Depth, class Epilogue>
  static DIT_INLINE void run(unsigned char *shared, const T *x, int rows,
                             const T *w, int columns, Epilogue epilogue) {
    constexpr int kSteps = (Depth + K - 1) / K;
    T *stages = reinterpret_cast<T *>(shared);
    const int m0 = blockIdx.y * M, n0 = blockIdx.x * N;
    Sums sums;

    // One group a step, also where nothing is left to fetch: the wait counts.
    auto start = [&](int step) {
      if (step < kSteps) {
        T *stage = stages + step % Stages * kStage;
        fetchTile<M, K, kPitch, Depth, kThreads>(stage, x, m0, rows, step * K);
        fetchTile<N, K, kPitch, Depth, kThreads>(stage + M * kPitch, w, n0,
                                                 columns, step * K);
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
      const T *stage = stages + step % Stages * kStage;
      sums.template multiply<K, kPitch, kPitch>(stage, stage + M * kPitch);
    }
    sums.finish(m0, rows, n0, columns, epilogue);
  }
};

/// The same with x made by the block itself, its M rows kept for all of the
/// depth beside stages of w alone. A block does `Tiles` column tiles one after
/// the other. The grid is (column tiles / Tiles, row tiles).
template <class T, int M, int N, int K, int Stages, int WarpsM, int WarpsN,
          int Depth, int Tiles>
struct MatmulRows {
  using Sums = WarpTile<M, N, WarpsM, WarpsN>;
  static constexpr int kThreads = Sums::kThreads;
  static constexpr int kSteps = (Depth + K - 1) / K;
  static constexpr int kPitch = K + kWord<T>, kPitchX = kSteps * K + kWord<T>;
  static constexpr int kStage = N * kPitch;
  static constexpr int kSharedBytes =
      (M * kPitchX + Stages * kStage) * sizeof(T);
  static_assert(K % (2 * kWord<T>) == 0 && Stages >= 2);

  /// A warp: a row, with zeros behind it where the last step needs them.
  static DIT_INLINE void keep(T *x, const Row<Depth> &row) {
    store(x, row);
    for (int k = Depth + (threadIdx.x & 31); k < kSteps * K; k += 32)
      store1(x + k, 0.f);
  }

  /// A warp: the rows m0 + warp, m0 + warp + kWarps, ..., two at once where
  /// registers hold them, so that one is on its way while the other is summed.
  template <class Prologue>
  static DIT_INLINE void makeRows(T *x, int m0, int rows, Prologue prologue) {
    constexpr int kWarps = kThreads / 32;
    constexpr bool kTwo = Depth <= 1280;
    for (int r = threadIdx.x / 32; r < M && m0 + r < rows;
         r += kTwo ? 2 * kWarps : kWarps) {
      // Of an odd number of rows a warp's last is made twice.
      const int next = r + kWarps;
      const int other = kTwo && next < M && m0 + next < rows ? next : r;
      const auto made = prologue(m0 + r);
      if constexpr (kTwo)
        keep(x + other * kPitchX, prologue(m0 + other));
      keep(x + r * kPitchX, made);
    }
  }

  /// x(m, :) = prologue(m), a Row that one warp computes, rounded to T; w
  /// (columns, Depth) row-major.
  template <class Prologue, class Epilogue>
  static DIT_INLINE void run(unsigned char *shared, Prologue prologue, int rows,
                             const T *w, int columns, Epilogue epilogue) {
    T *x = reinterpret_cast<T *>(shared), *stages = x + M * kPitchX;
    const int m0 = blockIdx.y * M, n0 = blockIdx.x * (N * Tiles);
    const int left = (columns - n0 + N - 1) / N;
    const int tiles = left < Tiles ? left : Tiles;

    // As in MatmulTile; steps count through all tiles.
    auto start = [&](int step) {
      if (step < tiles * kSteps)
        fetchTile<N, K, kPitch, Depth, kThreads>(
            stages + step % Stages * kStage, w, n0 + step / kSteps * N, columns,
            step % kSteps * K);
      device::cp_async_commit();
    };
    // The weight is on its way while the rows are made.
    for (int step = 0; step < Stages - 1; ++step)
      start(step);
    makeRows(x, m0, rows, prologue);

    for (int tile = 0; tile < tiles; ++tile) {
      Sums sums;
      for (int k = 0; k < kSteps; ++k) {
        const int step = tile * kSteps + k;
        device::cp_async_wait<Stages - 2>();
        __syncthreads(); // the rows are there too
        start(step + Stages - 1);
        sums.template multiply<K, kPitchX, kPitch>(
            x + k * K, stages + step % Stages * kStage);
      }
      sums.finish(m0, rows, n0 + tile * N, columns, epilogue);
    }
  }
};

} // namespace dit

#endif // DIT_MATMUL_H
