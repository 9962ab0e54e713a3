// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// out(m, n) = epilogue(sum over k of x(m, k) w(n, k)): bf16 in, float32
// accumulators, wgmma fed by TMA. One warpgroup loads, the others multiply. x
// comes from memory (WgmmaTile), or is made row by row (WgmmaRows). For sm_90a.
#ifndef DIT_MATMUL_SM90_H
#define DIT_MATMUL_SM90_H

#include "row.h"

namespace dit {

/// Stages in shared memory, filled by TMA 64 columns at a time and emptied by
/// warpgroups, in a cluster of `Across` x `Down` blocks: those above one
/// another read the same rows of w, those beside one another the same rows of
/// x. Steps count what has passed through; step s is in stage s % Stages.
template <int StageBytes, int Stages, int Consumers, int Down, int Across>
struct TmaRing {
  static constexpr int kThreads = 128 * (1 + Consumers);
  static constexpr int kSharedBytes = Stages * (StageBytes + 16);
  /// Blocks that write to this one, and that it writes to; itself among them.
  static constexpr int kPeers = Down + Across - 1;
  static_assert(StageBytes % 1024 == 0 && Stages >= 2 && Down * Across <= 8);

  /// What a block's threads share; a stage begins at a multiple of 1024 bytes.
  unsigned char *shared;

  DIT_INLINE unsigned char *stage(int step) const {
    return shared + step % Stages * StageBytes;
  }
  /// Completes when a step's bytes are there ...
  DIT_INLINE device::mbarrier *full(int step) const {
    return reinterpret_cast<device::mbarrier *>(shared + Stages * StageBytes) +
           step % Stages;
  }
  /// ... and when every consumer of every peer has read it.
  DIT_INLINE device::mbarrier *empty(int step) const {
    return full(step) + Stages;
  }
  static DIT_INLINE int parity(int step) { return step / Stages & 1; }

  static DIT_INLINE int across() { return blockIdx.x % Across; }
  static DIT_INLINE int down() { return blockIdx.y; } // the grid's y is Down
  static DIT_INLINE unsigned rank(int across, int down) {
    return down * Across + across;
  }

  /// Everyone, before anything else.
  DIT_INLINE void begin() const {
    if (threadIdx.x == 0) {
      for (int i = 0; i < Stages; ++i) {
        device::mbarrier_init(full(i), 1);
        device::mbarrier_init(empty(i), kPeers * Consumers * 4);
      }
      device::fence_mbarrier_init();
    }
    meet();
  }
  /// Everyone, at last: no block leaves while another may signal its barriers.
  DIT_INLINE void end() const {
    if constexpr (kPeers > 1)
      meet();
  }
  DIT_INLINE void meet() const {
    if constexpr (kPeers > 1) {
      __syncwarp(); // the cluster's barrier is for whole warps
      device::cluster_sync();
    } else {
      __syncthreads();
    }
  }

  /// The thread that loads: the step's stage, when all peers have read what is
  /// in it. Every byte of it must be loaded then.
  DIT_INLINE unsigned char *refill(int step) const {
    device::mbarrier_wait(empty(step), parity(step) ^ 1);
    device::mbarrier_arrive_expect_tx(full(step), StageBytes);
    return stage(step);
  }
  /// Rows from `row` of x, the same for the blocks beside this one. The map's
  /// box is Rows / Across rows.
  template <int Rows>
  DIT_INLINE void loadX(unsigned char *to, const TensorMap &map, int step,
                        int k, int row) const {
    load<Rows, Across>(to, map, step, k, row, across(),
                       ((1 << Across) - 1) << rank(0, down()));
  }
  /// Rows from `row` of w, the same for the blocks above and below this one.
  /// The map's box is Rows / Down rows.
  template <int Rows>
  DIT_INLINE void loadW(unsigned char *to, const TensorMap &map, int step,
                        int k, int row) const {
    unsigned blocks = 0;
    for (int i = 0; i < Down; ++i)
      blocks |= 1 << rank(across(), i);
    load<Rows, Down>(to, map, step, k, row, down(), blocks);
  }
  /// Loads one of `Parts` for all of `blocks`, which load the others.
  template <int Rows, int Parts>
  DIT_INLINE void load(unsigned char *to, const TensorMap &map, int step, int k,
                       int row, int part, unsigned blocks) const {
    static_assert(Rows % (8 * Parts) == 0);
    if constexpr (Parts > 1)
      device::tma_load_2d_multicast(to + part * (Rows / Parts) * 128, &map,
                                    full(step), k, row + part * (Rows / Parts),
                                    blocks);
    else
      device::tma_load_2d(to, &map, full(step), k, row);
  }

  /// A warp that reads: until the step is there.
  DIT_INLINE void wait(int step) const {
    device::mbarrier_wait(full(step), parity(step));
  }
  /// Tells every peer that this warp has read its bytes.
  DIT_INLINE void release(int step) const {
    const int peer = threadIdx.x & 31;
    if (peer >= kPeers)
      return;
    if constexpr (kPeers > 1) {
      const int below = peer - Across + (peer - Across >= down());
      device::mbarrier_arrive_remote(empty(step), peer < Across
                                                      ? rank(peer, down())
                                                      : rank(across(), below));
    } else {
      device::mbarrier_arrive(empty(step));
    }
  }

  /// A warpgroup: acc = 64 rows of x times w^T, of `Steps` steps from `first`
  /// on. x(i) and w(stage) are where the operands of 64 columns begin. One
  /// step's wgmmas stay in flight while the next stage is waited for.
  template <int Steps, int N, class X, class W>
  DIT_INLINE void multiply(float (&acc)[N], int first, X x, W w) const {
    for (int i = 0; i < Steps; ++i) {
      wait(first + i);
      const auto dx = swizzledOperand(x(i));
      const auto dw = swizzledOperand(w(stage(first + i)));
      device::wgmma_fence();
      DIT_FOR (int k = 0; k < 4; ++k) // 16 columns: 32 bytes, in units of 16
        device::wgmma<2 * N>(acc, dx + 2 * k, dw + 2 * k, i + k > 0);
      device::wgmma_commit();
      device::wgmma_wait<1>(acc);
      if (i > 0)
        release(first + i - 1);
    }
    device::wgmma_wait<0>(acc);
    release(first + Steps - 1);
  }
};

/// Columns that an epilogue passes at once: what they read is in flight
/// together, and still fits into registers beside the accumulators.
inline constexpr int kEpilogueBlocks = 4; // of 8 columns

/// See forEachFour: a few blocks of columns from `First` on. `Whole` says that
/// all is inside.
template <bool Whole, int First, int Half, class Epilogue>
DIT_INLINE void visitFours(const float (&acc)[Half], int m0, int rows, int n0,
                           int columns, Epilogue epilogue) {
  constexpr int kBlocks = Half / 4;
  constexpr int kEnd =
      First + kEpilogueBlocks < kBlocks ? First + kEpilogueBlocks : kBlocks;
  const int lane = threadIdx.x & 31, warp = threadIdx.x / 32 % 4;
  const int odd = lane & 1;
  DIT_FOR (int j = First; j < kEnd; j += 2)
    DIT_FOR (int half = 0; half < 2; ++half) {
      const int at = 4 * j + 2 * half, next = j + 1 < kBlocks ? at + 4 : at;
      const float2 a = make_float2(acc[at], acc[at + 1]);
      const float2 b = make_float2(acc[next], acc[next + 1]);
      const float2 mine = odd ? b : a, given = odd ? a : b;
      const float x = __shfl_xor_sync(0xffffffffu, given.x, 1);
      const float y = __shfl_xor_sync(0xffffffffu, given.y, 1);
      const int m = m0 + warp * 16 + half * 8 + lane / 4;
      const int n = n0 + (j + odd) * 8 + lane % 4 / 2 * 4;
      const bool isBlock = j + 1 < kBlocks || !odd;
      if (isBlock && (Whole || (m < rows && n < columns)))
        epilogue(m, n,
                 odd ? make_float4(x, y, mine.x, mine.y)
                     : make_float4(mine.x, mine.y, x, y));
    }
}

/// A warpgroup's 64 rows from m0 on: calls epilogue(m, n, {out(m, n) to
/// out(m, n + 3)}) where that is inside; `columns` is a multiple of 4. Lanes
/// hold pairs, and exchange one of two with their neighbour.
template <int First = 0, int Half, class Epilogue>
DIT_INLINE void forEachFour(const float (&acc)[Half], int m0, int rows, int n0,
                            int columns, Epilogue epilogue) {
  // Without a branch around each four, loads go ahead of stores. By a shuffle,
  // so that a compiler which knows the answer of the blocks before does not
  // make one long path of it, and spill.
  const bool isWhole = m0 + 64 <= rows && n0 + 2 * Half <= columns;
  if (__shfl_sync(0xffffffffu, (int)isWhole, 0))
    visitFours<true, First>(acc, m0, rows, n0, columns, epilogue);
  else
    visitFours<false, First>(acc, m0, rows, n0, columns, epilogue);
  if constexpr ((First + kEpilogueBlocks) * 4 < Half)
    forEachFour<First + kEpilogueBlocks>(acc, m0, rows, n0, columns, epilogue);
}

/// A block's tile is 64 rows a consumer warpgroup times N. The grid is (column
/// tiles, Down, row tiles / Down), in clusters of (Across, Down).
template <int N, int Stages, int Consumers, int Down = 1, int Across = 1>
struct WgmmaTile {
  static constexpr int kM = 64 * Consumers;
  static constexpr int kBytesX = kM * 128, kBytesW = N * 128;
  using Ring = TmaRing<kBytesX + kBytesW, Stages, Consumers, Down, Across>;
  static constexpr int kThreads = Ring::kThreads;
  static constexpr int kSharedBytes = Ring::kSharedBytes;

  /// x (rows, Depth) and w (columns, Depth) by tensor maps with the 128-byte
  /// swizzle and boxes of 64 columns, of kM / Across and N / Down rows.
  template <int Depth, class Epilogue>
  static DIT_INLINE void run(unsigned char *shared, const TensorMap &mapX,
                             int rows, const TensorMap &mapW, int columns,
                             Epilogue epilogue) {
    constexpr int kSteps = (Depth + 63) / 64;
    const Ring ring{shared};
    const int group = threadIdx.x / 128;
    const int m0 = (blockIdx.z * Down + blockIdx.y) * kM, n0 = blockIdx.x * N;
    ring.begin();

    if (group == 0) {
      if constexpr (Consumers == 2)
        device::setmaxnreg_dec<40>();
      if (threadIdx.x == 0)
        for (int step = 0; step < kSteps; ++step) {
          unsigned char *stage = ring.refill(step);
          ring.template loadX<kM>(stage, mapX, step, step * 64, m0);
          ring.template loadW<N>(stage + kBytesX, mapW, step, step * 64, n0);
        }
    } else {
      if constexpr (Consumers == 2)
        device::setmaxnreg_inc<232>();
      const int row = (group - 1) * 64;
      float acc[N / 2] = {};
      ring.template multiply<kSteps>(
          acc, 0, [&](int step) { return ring.stage(step) + row * 128; },
          [&](unsigned char *stage) { return stage + kBytesX; });
      forEachFour(acc, m0 + row, rows, n0, columns, epilogue);
    }
    ring.end();
  }
};

/// The same with x made by the block itself, its rows kept for all of the
/// depth beside a ring of w. A block does `Tiles` column tiles one after the
/// other. The grid is (column tiles / Tiles, Down, row tiles / Down), in
/// clusters of (1, Down).
template <int N, int Stages, int Consumers, int Depth, int Tiles = 1,
          int Down = 1>
struct WgmmaRows {
  static constexpr int kM = 64 * Consumers;
  static constexpr int kSteps = (Depth + 63) / 64;
  /// 64 columns of all rows follow one another, as TMA would have stored them.
  static constexpr int kBlockBytes = kM * 128;
  static constexpr int kRowBytes = kSteps * kBlockBytes;
  using Ring = TmaRing<N * 128, Stages, Consumers, Down, 1>;
  static constexpr int kThreads = Ring::kThreads;
  static constexpr int kSharedBytes = kRowBytes + Ring::kSharedBytes;

  /// Where the 16 bytes from column 8 * chunk of row r are: the 128-byte
  /// swizzle.
  static DIT_INLINE bf16 *place(unsigned char *x, int r, int chunk) {
    return reinterpret_cast<bf16 *>(x + chunk / 8 * kBlockBytes + r * 128 +
                                    (chunk % 8 ^ r % 8) * 16);
  }

  /// A warp: a row as bf16, with zeros behind it to a multiple of 64.
  static DIT_INLINE void keep(unsigned char *x, int r, const Row<Depth> &row) {
    static_assert(Row<Depth>::kChunk == 8);
    DIT_FOR (int i = 0; i < Row<Depth>::kRounds; ++i)
      if (Row<Depth>::held(i))
        Chunk<8>::store(place(x, r, Row<Depth>::chunk(i)), row.v[i]);
    const int behind = Row<Depth>::kChunks + (threadIdx.x & 31);
    if (behind < kSteps * 8)
      Chunk<8>::store(place(x, r, behind), {});
  }

  /// A warp: the rows m0 + warp, m0 + warp + kWarps, ...; the last row again in
  /// place of those behind it. As many at once as registers hold.
  template <class Prologue>
  static DIT_INLINE void makeRows(unsigned char *x, int m0, int rows,
                                  Prologue prologue) {
    constexpr int kWarps = kThreads / 32;
    constexpr int kAtOnce = Consumers == 1 && Depth <= 1280 ? 2 : 1;
    static_assert(kAtOnce == 1 || kM % (kAtOnce * kWarps) == 0);
    for (int r = threadIdx.x / 32; r < kM; r += kAtOnce * kWarps) {
      Row<Depth> made[kAtOnce];
      DIT_FOR (int i = 0; i < kAtOnce; ++i) {
        const int m = m0 + r + i * kWarps;
        made[i] = prologue(m < rows ? m : rows - 1);
      }
      DIT_FOR (int i = 0; i < kAtOnce; ++i)
        keep(x, r + i * kWarps, made[i]);
    }
    device::fence_proxy_async(); // wgmma reads what was stored
  }

  /// x(m, :) = prologue(m), a Row that one warp computes, rounded to bf16; w
  /// (columns, Depth) by a tensor map with boxes of N / Down rows.
  template <class Prologue, class Epilogue>
  static DIT_INLINE void run(unsigned char *shared, Prologue prologue, int rows,
                             const TensorMap &mapW, int columns,
                             Epilogue epilogue) {
    const Ring ring{shared + kRowBytes};
    const int group = threadIdx.x / 128;
    const int m0 = (blockIdx.z * Down + blockIdx.y) * kM;
    const int n0 = blockIdx.x * Tiles * N;
    const int left = (columns - n0 + N - 1) / N;
    const int tiles = left < Tiles ? left : Tiles;
    auto load = [&](int step) {
      ring.template loadW<N>(ring.refill(step), mapW, step, step % kSteps * 64,
                             n0 + step / kSteps * N);
    };
    ring.begin();
    // The weight is on its way while the rows are made.
    if (threadIdx.x == 0)
      for (int step = 0; step < Stages && step < tiles * kSteps; ++step)
        load(step);
    __syncwarp();
    makeRows(shared, m0, rows, prologue);
    __syncthreads();

    if (group == 0) {
      if constexpr (Consumers == 2)
        device::setmaxnreg_dec<40>();
      if (threadIdx.x == 0)
        for (int step = Stages; step < tiles * kSteps; ++step)
          load(step);
    } else {
      if constexpr (Consumers == 2)
        device::setmaxnreg_inc<232>();
      const int row = (group - 1) * 64;
      for (int tile = 0; tile < tiles; ++tile) {
        float acc[N / 2] = {};
        ring.template multiply<kSteps>(
            acc, tile * kSteps,
            [&](int step) { return shared + step * kBlockBytes + row * 128; },
            [](unsigned char *stage) { return stage; });
        forEachFour(acc, m0 + row, rows, n0 + tile * N, columns, epilogue);
      }
    }
    ring.end();
  }
};

} // namespace dit

#endif // DIT_MATMUL_SM90_H
