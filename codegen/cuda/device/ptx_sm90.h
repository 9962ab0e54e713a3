// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Instructions of sm_90a: mbarrier, TMA, clusters and wgmma. Only included by
// dit_device.h, and empty of code unless a kernel calls it, so that it compiles
// for every architecture. The host's half is test/simt/executor/simt_device.h.
#ifndef DIT_PTX_SM90_H
#define DIT_PTX_SM90_H

namespace dit {

/// What the driver's cuTensorMapEncodeTiled fills. A kernel takes it as
/// `const __grid_constant__ TensorMap`.
struct __align__(64) TensorMap {
  unsigned long long opaque[16];
};

namespace device {

/// A barrier in shared memory that counts arrivals and bytes.
using mbarrier = unsigned long long;

DIT_INLINE void mbarrier_init(mbarrier *bar, unsigned arrivals) {
  asm volatile(
      "mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(shared_address(bar)),
      "r"(arrivals)
      : "memory");
}
/// Makes this thread's mbarrier_init visible to TMA and to the cluster.
DIT_INLINE void fence_mbarrier_init() {
  asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
}
/// One arrival, and `bytes` more to wait for in this phase.
DIT_INLINE void mbarrier_arrive_expect_tx(mbarrier *bar, unsigned bytes) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(
                   shared_address(bar)),
               "r"(bytes)
               : "memory");
}
DIT_INLINE void mbarrier_arrive(mbarrier *bar) {
  asm volatile(
      "mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(shared_address(bar))
      : "memory");
}
/// At the same place of shared memory in block `rank` of the cluster. Releases
/// what this thread wrote to its own block alone: for a reader that gives back
/// what it has read. Releasing to the cluster would be a fence of the whole GPU
/// (MEMBAR.ALL.GPU, an L2 round trip) in each step of a matmul.
DIT_INLINE void mbarrier_arrive_remote(mbarrier *bar, unsigned rank) {
  asm volatile("{\n.reg .b32 remote;\n"
               "mapa.shared::cluster.u32 remote, %0, %1;\n"
               "mbarrier.arrive.shared::cluster.b64 _, [remote];"
               "\n}" ::"r"(shared_address(bar)),
               "r"(rank)
               : "memory");
}
/// Until the phase of this parity has completed. A fresh barrier is in phase 0:
/// waiting for parity 1 returns at once. What has not come in a second does not
/// come: then the launch ends with an error, where the GPU would hang.
DIT_INLINE void mbarrier_wait(mbarrier *bar, unsigned parity) {
  asm volatile("{\n.reg .pred done;\n.reg .u64 begin, now;\n"
               "mbarrier.try_wait.parity.shared::cta.b64 done, [%0], %1;\n"
               "@done bra over;\n"
               "mov.u64 begin, %%globaltimer;\n" // in nanoseconds
               "again:\n"
               "mbarrier.try_wait.parity.shared::cta.b64 done, [%0], %1;\n"
               "@done bra over;\n"
               "mov.u64 now, %%globaltimer;\n"
               "sub.u64 now, now, begin;\n"
               "setp.lt.u64 done, now, 1000000000;\n"
               "@done bra again;\n"
               "trap;\nover:\n}" ::"r"(shared_address(bar)),
               "r"(parity)
               : "memory");
}

/// What this thread wrote to shared memory becomes visible to TMA and wgmma.
DIT_INLINE void fence_proxy_async() {
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
}

/// The map's box at column x, row y into shared memory (zeros where outside of
/// the tensor); its bytes count on `bar`.
DIT_INLINE void tma_load_2d(void *shared, const TensorMap *map, mbarrier *bar,
                            int x, int y) {
  asm volatile(
      "cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::"
      "bytes [%0], [%1, {%3, %4}], [%2];" ::"r"(shared_address(shared)),
      "l"((unsigned long long)map), "r"(shared_address(bar)), "r"(x), "r"(y)
      : "memory");
}
/// To the same place of shared memory, and the same barrier, of every block of
/// the cluster whose bit is in `blocks`.
DIT_INLINE void tma_load_2d_multicast(void *shared, const TensorMap *map,
                                      mbarrier *bar, int x, int y,
                                      unsigned short blocks) {
  asm volatile(
      "cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::"
      "bytes.multicast::cluster [%0], [%1, {%3, %4}], [%2], %5;" ::"r"(
          shared_address(shared)),
      "l"((unsigned long long)map), "r"(shared_address(bar)), "r"(x), "r"(y),
      "h"(blocks)
      : "memory");
}

DIT_INLINE unsigned cluster_rank() {
  unsigned r;
  asm volatile("mov.u32 %0, %%cluster_ctarank;" : "=r"(r));
  return r;
}
/// Everyone of the cluster is here, and sees the mbarriers that were
/// initialised before fence_mbarrier_init; nothing else that was written. That
/// would be a fence of the whole GPU.
DIT_INLINE void cluster_sync() {
  asm volatile("barrier.cluster.arrive.relaxed.aligned;\n"
               "barrier.cluster.wait.aligned;" ::
                   : "memory");
}

/// Registers a thread of this warpgroup may use from here on.
template <int kRegisters> DIT_INLINE void setmaxnreg_dec() {
  asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(kRegisters));
}
template <int kRegisters> DIT_INLINE void setmaxnreg_inc() {
  asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(kRegisters));
}

/// Before the first wgmma, and after other code wrote the accumulators.
DIT_INLINE void wgmma_fence() {
  asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
}
DIT_INLINE void wgmma_commit() {
  asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
}
/// Until at most `kPending` groups are in flight. The accumulators pass
/// through, so that no reader of them is moved above the wait.
template <int kPending, int kCount>
DIT_INLINE void wgmma_wait(float (&d)[kCount]) {
  asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(kPending) : "memory");
  DIT_FOR (int i = 0; i < kCount; ++i)
    asm volatile("" : "+f"(d[i])::"memory");
}

/// wgmma<N>: d (64, N) = a (64, 16) b (N, 16)^T + (accumulate ? d : 0). Warp w
/// of the four holds rows 16 w to 16 w + 15; d[4 j + i] of lane l is element
/// (l / 4 + i / 2 * 8, 8 j + l % 4 * 2 + i % 2).
template <int N> struct Wgmma;
template <int N>
DIT_INLINE void wgmma(float (&d)[N / 2], unsigned long long a,
                      unsigned long long b, int accumulate) {
  Wgmma<N>::run(d, a, b, accumulate);
}

// The accumulators of N columns, as PTX text and as operands.
#define DIT_WGMMA_TEXT_8 "%0,%1,%2,%3"
#define DIT_WGMMA_TEXT_16                                                      \
  DIT_WGMMA_TEXT_8 ","                                                         \
                   "%4,%5,%6,%7"
#define DIT_WGMMA_TEXT_24                                                      \
  DIT_WGMMA_TEXT_16 ","                                                        \
                    "%8,%9,%10,%11"
#define DIT_WGMMA_TEXT_32                                                      \
  DIT_WGMMA_TEXT_24 ","                                                        \
                    "%12,%13,%14,%15"
#define DIT_WGMMA_TEXT_40                                                      \
  DIT_WGMMA_TEXT_32 ","                                                        \
                    "%16,%17,%18,%19"
#define DIT_WGMMA_TEXT_48                                                      \
  DIT_WGMMA_TEXT_40 ","                                                        \
                    "%20,%21,%22,%23"
#define DIT_WGMMA_TEXT_56                                                      \
  DIT_WGMMA_TEXT_48 ","                                                        \
                    "%24,%25,%26,%27"
#define DIT_WGMMA_TEXT_64                                                      \
  DIT_WGMMA_TEXT_56 ","                                                        \
                    "%28,%29,%30,%31"
#define DIT_WGMMA_TEXT_72                                                      \
  DIT_WGMMA_TEXT_64 ","                                                        \
                    "%32,%33,%34,%35"
#define DIT_WGMMA_TEXT_80                                                      \
  DIT_WGMMA_TEXT_72 ","                                                        \
                    "%36,%37,%38,%39"
#define DIT_WGMMA_TEXT_88                                                      \
  DIT_WGMMA_TEXT_80 ","                                                        \
                    "%40,%41,%42,%43"
#define DIT_WGMMA_TEXT_96                                                      \
  DIT_WGMMA_TEXT_88 ","                                                        \
                    "%44,%45,%46,%47"
#define DIT_WGMMA_TEXT_104                                                     \
  DIT_WGMMA_TEXT_96 ","                                                        \
                    "%48,%49,%50,%51"
#define DIT_WGMMA_TEXT_112                                                     \
  DIT_WGMMA_TEXT_104 ","                                                       \
                     "%52,%53,%54,%55"
#define DIT_WGMMA_TEXT_120                                                     \
  DIT_WGMMA_TEXT_112 ","                                                       \
                     "%56,%57,%58,%59"
#define DIT_WGMMA_TEXT_128                                                     \
  DIT_WGMMA_TEXT_120 ","                                                       \
                     "%60,%61,%62,%63"
#define DIT_WGMMA_TEXT_136                                                     \
  DIT_WGMMA_TEXT_128 ","                                                       \
                     "%64,%65,%66,%67"
#define DIT_WGMMA_TEXT_144                                                     \
  DIT_WGMMA_TEXT_136 ","                                                       \
                     "%68,%69,%70,%71"
#define DIT_WGMMA_TEXT_152                                                     \
  DIT_WGMMA_TEXT_144 ","                                                       \
                     "%72,%73,%74,%75"
#define DIT_WGMMA_TEXT_160                                                     \
  DIT_WGMMA_TEXT_152 ","                                                       \
                     "%76,%77,%78,%79"
#define DIT_WGMMA_TEXT_168                                                     \
  DIT_WGMMA_TEXT_160 ","                                                       \
                     "%80,%81,%82,%83"
#define DIT_WGMMA_TEXT_176                                                     \
  DIT_WGMMA_TEXT_168 ","                                                       \
                     "%84,%85,%86,%87"
#define DIT_WGMMA_TEXT_184                                                     \
  DIT_WGMMA_TEXT_176 ","                                                       \
                     "%88,%89,%90,%91"
#define DIT_WGMMA_TEXT_192                                                     \
  DIT_WGMMA_TEXT_184 ","                                                       \
                     "%92,%93,%94,%95"
#define DIT_WGMMA_TEXT_200                                                     \
  DIT_WGMMA_TEXT_192 ","                                                       \
                     "%96,%97,%98,%99"
#define DIT_WGMMA_TEXT_208                                                     \
  DIT_WGMMA_TEXT_200 ","                                                       \
                     "%100,%101,%102,%103"
#define DIT_WGMMA_TEXT_216                                                     \
  DIT_WGMMA_TEXT_208 ","                                                       \
                     "%104,%105,%106,%107"
#define DIT_WGMMA_TEXT_224                                                     \
  DIT_WGMMA_TEXT_216 ","                                                       \
                     "%108,%109,%110,%111"
#define DIT_WGMMA_TEXT_232                                                     \
  DIT_WGMMA_TEXT_224 ","                                                       \
                     "%112,%113,%114,%115"
#define DIT_WGMMA_TEXT_240                                                     \
  DIT_WGMMA_TEXT_232 ","                                                       \
                     "%116,%117,%118,%119"
#define DIT_WGMMA_TEXT_248                                                     \
  DIT_WGMMA_TEXT_240 ","                                                       \
                     "%120,%121,%122,%123"
#define DIT_WGMMA_TEXT_256                                                     \
  DIT_WGMMA_TEXT_248 ","                                                       \
                     "%124,%125,%126,%127"
#define DIT_WGMMA_FOUR(i)                                                      \
  "+f"(d[i]), "+f"(d[i + 1]), "+f"(d[i + 2]), "+f"(d[i + 3])
#define DIT_WGMMA_REGS_8 DIT_WGMMA_FOUR(0)
#define DIT_WGMMA_REGS_16 DIT_WGMMA_REGS_8, DIT_WGMMA_FOUR(4)
#define DIT_WGMMA_REGS_24 DIT_WGMMA_REGS_16, DIT_WGMMA_FOUR(8)
#define DIT_WGMMA_REGS_32 DIT_WGMMA_REGS_24, DIT_WGMMA_FOUR(12)
#define DIT_WGMMA_REGS_40 DIT_WGMMA_REGS_32, DIT_WGMMA_FOUR(16)
#define DIT_WGMMA_REGS_48 DIT_WGMMA_REGS_40, DIT_WGMMA_FOUR(20)
#define DIT_WGMMA_REGS_56 DIT_WGMMA_REGS_48, DIT_WGMMA_FOUR(24)
#define DIT_WGMMA_REGS_64 DIT_WGMMA_REGS_56, DIT_WGMMA_FOUR(28)
#define DIT_WGMMA_REGS_72 DIT_WGMMA_REGS_64, DIT_WGMMA_FOUR(32)
#define DIT_WGMMA_REGS_80 DIT_WGMMA_REGS_72, DIT_WGMMA_FOUR(36)
#define DIT_WGMMA_REGS_88 DIT_WGMMA_REGS_80, DIT_WGMMA_FOUR(40)
#define DIT_WGMMA_REGS_96 DIT_WGMMA_REGS_88, DIT_WGMMA_FOUR(44)
#define DIT_WGMMA_REGS_104 DIT_WGMMA_REGS_96, DIT_WGMMA_FOUR(48)
#define DIT_WGMMA_REGS_112 DIT_WGMMA_REGS_104, DIT_WGMMA_FOUR(52)
#define DIT_WGMMA_REGS_120 DIT_WGMMA_REGS_112, DIT_WGMMA_FOUR(56)
#define DIT_WGMMA_REGS_128 DIT_WGMMA_REGS_120, DIT_WGMMA_FOUR(60)
#define DIT_WGMMA_REGS_136 DIT_WGMMA_REGS_128, DIT_WGMMA_FOUR(64)
#define DIT_WGMMA_REGS_144 DIT_WGMMA_REGS_136, DIT_WGMMA_FOUR(68)
#define DIT_WGMMA_REGS_152 DIT_WGMMA_REGS_144, DIT_WGMMA_FOUR(72)
#define DIT_WGMMA_REGS_160 DIT_WGMMA_REGS_152, DIT_WGMMA_FOUR(76)
#define DIT_WGMMA_REGS_168 DIT_WGMMA_REGS_160, DIT_WGMMA_FOUR(80)
#define DIT_WGMMA_REGS_176 DIT_WGMMA_REGS_168, DIT_WGMMA_FOUR(84)
#define DIT_WGMMA_REGS_184 DIT_WGMMA_REGS_176, DIT_WGMMA_FOUR(88)
#define DIT_WGMMA_REGS_192 DIT_WGMMA_REGS_184, DIT_WGMMA_FOUR(92)
#define DIT_WGMMA_REGS_200 DIT_WGMMA_REGS_192, DIT_WGMMA_FOUR(96)
#define DIT_WGMMA_REGS_208 DIT_WGMMA_REGS_200, DIT_WGMMA_FOUR(100)
#define DIT_WGMMA_REGS_216 DIT_WGMMA_REGS_208, DIT_WGMMA_FOUR(104)
#define DIT_WGMMA_REGS_224 DIT_WGMMA_REGS_216, DIT_WGMMA_FOUR(108)
#define DIT_WGMMA_REGS_232 DIT_WGMMA_REGS_224, DIT_WGMMA_FOUR(112)
#define DIT_WGMMA_REGS_240 DIT_WGMMA_REGS_232, DIT_WGMMA_FOUR(116)
#define DIT_WGMMA_REGS_248 DIT_WGMMA_REGS_240, DIT_WGMMA_FOUR(120)
#define DIT_WGMMA_REGS_256 DIT_WGMMA_REGS_248, DIT_WGMMA_FOUR(124)

// a, b and accumulate are the operands after the N / 2 accumulators.
#define DIT_WGMMA(N, A, B, ACCUMULATE)                                         \
  template <> struct Wgmma<N> {                                                \
    static DIT_INLINE void run(float (&d)[N / 2], unsigned long long a,        \
                               unsigned long long b, int accumulate) {         \
      asm volatile("{\n.reg .pred p;\nsetp.ne.b32 p, %" #ACCUMULATE ", 0;\n"   \
                   "wgmma.mma_async.sync.aligned.m64n" #N                      \
                   "k16.f32.bf16.bf16 {" DIT_WGMMA_TEXT_##N                    \
                   "}, %" #A ", %" #B ", p, 1, 1, 0, 0;\n}"                    \
                   : DIT_WGMMA_REGS_##N                                        \
                   : "l"(a), "l"(b), "r"(accumulate));                         \
    }                                                                          \
  };
DIT_WGMMA(8, 4, 5, 6)
DIT_WGMMA(16, 8, 9, 10)
DIT_WGMMA(24, 12, 13, 14)
DIT_WGMMA(32, 16, 17, 18)
DIT_WGMMA(40, 20, 21, 22)
DIT_WGMMA(48, 24, 25, 26)
DIT_WGMMA(56, 28, 29, 30)
DIT_WGMMA(64, 32, 33, 34)
DIT_WGMMA(72, 36, 37, 38)
DIT_WGMMA(80, 40, 41, 42)
DIT_WGMMA(88, 44, 45, 46)
DIT_WGMMA(96, 48, 49, 50)
DIT_WGMMA(104, 52, 53, 54)
DIT_WGMMA(112, 56, 57, 58)
DIT_WGMMA(120, 60, 61, 62)
DIT_WGMMA(128, 64, 65, 66)
DIT_WGMMA(136, 68, 69, 70)
DIT_WGMMA(144, 72, 73, 74)
DIT_WGMMA(152, 76, 77, 78)
DIT_WGMMA(160, 80, 81, 82)
DIT_WGMMA(168, 84, 85, 86)
DIT_WGMMA(176, 88, 89, 90)
DIT_WGMMA(184, 92, 93, 94)
DIT_WGMMA(192, 96, 97, 98)
DIT_WGMMA(200, 100, 101, 102)
DIT_WGMMA(208, 104, 105, 106)
DIT_WGMMA(216, 108, 109, 110)
DIT_WGMMA(224, 112, 113, 114)
DIT_WGMMA(232, 116, 117, 118)
DIT_WGMMA(240, 120, 121, 122)
DIT_WGMMA(248, 124, 125, 126)
DIT_WGMMA(256, 128, 129, 130)
#undef DIT_WGMMA

} // namespace device
} // namespace dit

#endif // DIT_PTX_SM90_H
