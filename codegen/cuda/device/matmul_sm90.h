// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// out(m, n) = epilogue(sum over k of a(m, k) w(n, k)): bf16 in, float32
// accumulators, wgmma fed by TMA. One warpgroup loads, the others multiply.
// For sm_90a.
#ifndef DIT_MATMUL_SM90_H
#define DIT_MATMUL_SM90_H

#include "dit_device.h"

namespace dit {

/// A block's tile is 64 rows a consumer warpgroup times N, 64 deep at a time.
/// `Blocks` blocks of a cluster, one below the other, share their part of w:
/// each loads 1 / Blocks of it for all. The grid is (column tiles, row tiles).
template <int N, int Stages, int Consumers, int Blocks = 1> struct WgmmaTile {
  static constexpr int kM = 64 * Consumers, kK = 64;
  static constexpr int kThreads = 128 * (1 + Consumers);
  static constexpr int kBytesA = kM * kK * 2, kBytesW = N * kK * 2;
  static constexpr int kStage = kBytesA + kBytesW;
  static constexpr int kSharedBytes = Stages * (kStage + 16);
  /// The box of w's tensor map; a's is kM rows. Both are kK columns wide.
  static constexpr int kRowsW = N / Blocks;
  static_assert(kRowsW % 8 == 0 && N <= 256 && Stages >= 2);

  /// What a block's threads share; a stage begins at a multiple of 1024 bytes.
  unsigned char *shared;

  DIT_INLINE unsigned char *a(int stage) const {
    return shared + stage * kStage;
  }
  DIT_INLINE unsigned char *w(int stage) const { return a(stage) + kBytesA; }
  /// Completes when a stage's bytes are there ...
  DIT_INLINE device::mbarrier *full(int stage) const {
    return reinterpret_cast<device::mbarrier *>(shared + Stages * kStage) +
           stage;
  }
  /// ... and when every consumer of the cluster has read it.
  DIT_INLINE device::mbarrier *empty(int stage) const {
    return full(stage) + Stages;
  }

  /// Everyone, before anything else.
  DIT_INLINE void begin() const {
    if (threadIdx.x == 0) {
      for (int stage = 0; stage < Stages; ++stage) {
        device::mbarrier_init(full(stage), 1);
        device::mbarrier_init(empty(stage), Blocks * Consumers * 4);
      }
      device::fence_mbarrier_init();
    }
    if constexpr (Blocks > 1) {
      __syncwarp(); // the cluster's barrier is for whole warps
      device::cluster_sync();
    } else {
      __syncthreads();
    }
  }

  /// One thread: keeps the stages filled.
  template <int Steps>
  DIT_INLINE void produce(const TensorMap &mapA, int m0, const TensorMap &mapW,
                          int n0) const {
    for (int step = 0; step < Steps; ++step) {
      const int stage = step % Stages, round = step / Stages;
      device::mbarrier_wait(empty(stage), (round & 1) ^ 1);
      device::mbarrier_arrive_expect_tx(full(stage), kStage);
      device::tma_load_2d(a(stage), &mapA, full(stage), step * kK, m0);
      if constexpr (Blocks > 1) {
        const int row = device::cluster_rank() * kRowsW;
        device::tma_load_2d_multicast(w(stage) + row * kK * 2, &mapW,
                                      full(stage), step * kK, n0 + row,
                                      (1 << Blocks) - 1);
      } else {
        device::tma_load_2d(w(stage), &mapW, full(stage), step * kK, n0);
      }
    }
  }

  /// Tells every producer whose bytes this warp has read.
  DIT_INLINE void release(int stage) const {
    if ((threadIdx.x & 31) != 0)
      return;
    if constexpr (Blocks > 1)
      for (int rank = 0; rank < Blocks; ++rank)
        device::mbarrier_arrive_remote(empty(stage), rank);
    else
      device::mbarrier_arrive(empty(stage));
  }

  /// A warpgroup: acc = 64 rows of a, from `row` of the tile, times w^T. One
  /// step's wgmmas stay in flight while the next stage is waited for.
  template <int Steps>
  DIT_INLINE void consume(float (&acc)[N / 2], int row) const {
    for (int step = 0; step < Steps; ++step) {
      const int stage = step % Stages, round = step / Stages;
      device::mbarrier_wait(full(stage), round & 1);
      const auto da = swizzledOperand(a(stage) + row * kK * 2);
      const auto dw = swizzledOperand(w(stage));
      device::wgmma_fence();
      DIT_FOR (int k = 0; k < kK / 16; ++k) // 32 bytes, in units of 16
        device::wgmma<N>(acc, da + 2 * k, dw + 2 * k, step + k > 0);
      device::wgmma_commit();
      device::wgmma_wait<1>(acc);
      if (step > 0)
        release((step - 1) % Stages);
    }
    device::wgmma_wait<0>(acc);
  }

  /// a (rows, Depth) and w (columns, Depth) by tensor maps with the 128-byte
  /// swizzle. Calls epilogue(m, n, {out(m, n), out(m, n + 1)}).
  template <int Depth, class Epilogue>
  static DIT_INLINE void run(unsigned char *shared, const TensorMap &mapA,
                             int rows, const TensorMap &mapW, int columns,
                             Epilogue epilogue) {
    constexpr int kSteps = (Depth + kK - 1) / kK;
    const WgmmaTile tile{shared};
    const int group = threadIdx.x / 128;
    const int m0 = blockIdx.y * kM, n0 = blockIdx.x * N;
    tile.begin();

    if (group == 0) {
      if constexpr (Consumers == 2)
        device::setmaxnreg_dec<40>();
      if (threadIdx.x == 0)
        tile.template produce<kSteps>(mapA, m0, mapW, n0);
    } else {
      if constexpr (Consumers == 2)
        device::setmaxnreg_inc<232>();
      const int row = (group - 1) * 64;
      float acc[N / 2] = {};
      tile.template consume<kSteps>(acc, row);

      const int lane = threadIdx.x & 31, warp = threadIdx.x / 32 % 4;
      DIT_FOR (int j = 0; j < N / 8; ++j)
        DIT_FOR (int half = 0; half < 2; ++half) {
          const int m = m0 + row + warp * 16 + half * 8 + lane / 4;
          const int n = n0 + j * 8 + lane % 4 * 2;
          if (m < rows && n < columns)
            epilogue(
                m, n,
                make_float2(acc[4 * j + 2 * half], acc[4 * j + 2 * half + 1]));
        }
    }
    // No block leaves while another may still signal its barriers.
    if constexpr (Blocks > 1) {
      __syncwarp();
      device::cluster_sync();
    }
  }
};

} // namespace dit

#endif // DIT_MATMUL_SM90_H
