// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a kernel sees on the host: the part of CUDA's language that emitted text
// uses, and the functions of codegen/cuda/device/ptx*.h with the executor's
// meaning. A kernel that uses anything else does not compile here: shared
// memory is dynamic only, there is no runtime library.
#ifndef DIT_SIMT_DEVICE_H
#define DIT_SIMT_DEVICE_H

#include <cmath>
#include <cstring>

#define __device__
#define __global__
#define __launch_bounds__(...)
#define __grid_constant__
#define DIT_INLINE inline
#define DIT_FOR(...) for (__VA_ARGS__)
#define DIT_FOR_BY_4(...) for (__VA_ARGS__)
#define DIT_CLUSTER(...)
#define DIT_SHARED(name) unsigned char *name = simt::running->shared

struct alignas(8) float2 {
  float x, y;
};
struct alignas(16) float4 {
  float x, y, z, w;
};
struct alignas(8) uint2 {
  unsigned x, y;
};
struct alignas(16) uint4 {
  unsigned x, y, z, w;
};
inline float2 make_float2(float x, float y) { return {x, y}; }
inline float4 make_float4(float x, float y, float z, float w) {
  return {x, y, z, w};
}
inline uint2 make_uint2(unsigned x, unsigned y) { return {x, y}; }
inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) {
  return {x, y, z, w};
}
inline float __uint_as_float(unsigned u) {
  float f;
  memcpy(&f, &u, 4);
  return f;
}
inline unsigned __float_as_uint(float f) {
  unsigned u;
  memcpy(&u, &f, 4);
  return u;
}
inline float rsqrtf(float x) { return 1.f / sqrtf(x); }

namespace simt {

struct ThreadIndex {
  unsigned x, y, z;
};
/// Of the thread that runs.
struct Running {
  ThreadIndex thread, block, blockSize, grid;
  unsigned char *shared;
};
extern const Running *running;

/// Where in the kernel's text a thread is, for reports and to tell whether
/// lanes that meet are at the same place.
struct Site {
  const char *file;
  int line;
};
#define DIT_HERE simt::Site site = {__builtin_FILE(), __builtin_LINE()}

void syncthreads(Site site);
void syncwarp(unsigned mask, Site site);
unsigned shuffle(unsigned mask, unsigned value, int fromLane, const char *what,
                 Site site);

template <class T>
T shuffleAs(unsigned mask, T value, int fromLane, const char *what, Site site) {
  static_assert(sizeof(T) == 4);
  unsigned bits;
  memcpy(&bits, &value, 4);
  bits = shuffle(mask, bits, fromLane, what, site);
  memcpy(&value, &bits, 4);
  return value;
}

int lane();

} // namespace simt

#define threadIdx (simt::running->thread)
#define blockIdx (simt::running->block)
#define blockDim (simt::running->blockSize)
#define gridDim (simt::running->grid)

inline void __syncthreads(DIT_HERE) { simt::syncthreads(site); }
inline void __syncwarp(unsigned mask = ~0u, DIT_HERE) {
  simt::syncwarp(mask, site);
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int lanes, DIT_HERE) {
  return simt::shuffleAs(mask, value, simt::lane() ^ lanes, "__shfl_xor_sync",
                         site);
}
template <class T> T __shfl_sync(unsigned mask, T value, int from, DIT_HERE) {
  return simt::shuffleAs(mask, value, from & 31, "__shfl_sync", site);
}

namespace dit {

/// The executor's own encoding, as large and aligned as the driver's.
struct alignas(64) TensorMap {
  unsigned long long opaque[16];
};

namespace device {

using mbarrier = unsigned long long;

// sm_80
unsigned shared_address(const void *p);
unsigned pack_bf16x2(float low, float high);
inline float ex2(float x) { return exp2f(x); }
float rcp(float x);
void barrier_sync(int id, int threads, DIT_HERE);
void barrier_arrive(int id, int threads, DIT_HERE);
void cp_async16(void *shared, const void *global, bool valid, DIT_HERE);
void cp_async_commit(DIT_HERE);
void cp_async_wait(int pending, simt::Site site);
template <int kPending> void cp_async_wait(DIT_HERE) {
  cp_async_wait(kPending, site);
}
void ldmatrix_x4(unsigned (&r)[4], const void *row, DIT_HERE);
void ldmatrix_x4_trans(unsigned (&r)[4], const void *row, DIT_HERE);
void mma_m16n8k16_bf16(float (&d)[4], const unsigned (&a)[4], unsigned b0,
                       unsigned b1, DIT_HERE);
unsigned to_tf32(float x);
void mma_m16n8k8_tf32(float (&d)[4], const unsigned (&a)[4], unsigned b0,
                      unsigned b1, DIT_HERE);
void flag_add_release(int *flag, int value, DIT_HERE);
void flag_wait_at_least(const int *flag, int value, DIT_HERE);

// sm_90a
void mbarrier_init(mbarrier *bar, unsigned arrivals, DIT_HERE);
void fence_mbarrier_init();
void mbarrier_arrive_expect_tx(mbarrier *bar, unsigned bytes, DIT_HERE);
void mbarrier_arrive(mbarrier *bar, DIT_HERE);
void mbarrier_arrive_remote(mbarrier *bar, unsigned rank, DIT_HERE);
void mbarrier_wait(mbarrier *bar, unsigned parity, DIT_HERE);
void fence_proxy_async();
void tma_load_2d(void *shared, const TensorMap *map, mbarrier *bar, int x,
                 int y, DIT_HERE);
void tma_load_2d_multicast(void *shared, const TensorMap *map, mbarrier *bar,
                           int x, int y, unsigned short blocks, DIT_HERE);
unsigned cluster_rank();
void cluster_sync(DIT_HERE);
void setmaxnreg(int registers, const char *what, simt::Site site);
template <int kRegisters> void setmaxnreg_dec(DIT_HERE) {
  setmaxnreg(kRegisters, "setmaxnreg_dec", site);
}
template <int kRegisters> void setmaxnreg_inc(DIT_HERE) {
  setmaxnreg(kRegisters, "setmaxnreg_inc", site);
}
void wgmma_fence(DIT_HERE);
void wgmma_commit(DIT_HERE);
void wgmma_wait(int pending, simt::Site site);
template <int kPending, int kCount>
void wgmma_wait(float (&)[kCount], DIT_HERE) {
  wgmma_wait(kPending, site);
}
void wgmma(int n, float *d, unsigned long long a, unsigned long long b,
           int accumulate, simt::Site site);
template <int N>
void wgmma(float (&d)[N / 2], unsigned long long a, unsigned long long b,
           int accumulate, DIT_HERE) {
  static_assert(N % 8 == 0 && N >= 8 && N <= 256);
  wgmma(N, d, a, b, accumulate, site);
}

} // namespace device
} // namespace dit

#undef DIT_HERE

#endif // DIT_SIMT_DEVICE_H
