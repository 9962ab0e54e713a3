// Small kernels for sm_90a by which the stand-in driver is itself checked.
#include "dit_device.h"

using namespace dit;

// out = factor * in
extern "C" __global__ void __launch_bounds__(64) dit_scale(
    const float *in,                         // (n)
    float *out,                              // (n)
    float factor,
    int n) {
  const int i = blockIdx.x * 64 + threadIdx.x;
  if (i < n)
    out[i] = factor * in[i];
}

// out = in[at]: may be told to read from where there is nothing.
extern "C" __global__ void __launch_bounds__(64) dit_read(
    const float *in,                         // (n), n > at
    float *out,                              // (1)
    int at) {
  if (threadIdx.x == 0)
    out[0] = in[at];
}

// out[i] = shared[i] = i, of as much shared memory as the launch gave.
extern "C" __global__ void __launch_bounds__(64) dit_shared(
    float *out,                              // (n)
    int n) {
  DIT_SHARED(shared);
  float *held = reinterpret_cast<float *>(shared);
  for (int i = threadIdx.x; i < n; i += 64)
    held[i] = i;
  __syncthreads();
  for (int i = threadIdx.x; i < n; i += 64)
    out[i] = held[n - 1 - i];
}

// A box of 8 rows of 64 bf16, from the matrix's begin.
extern "C" __global__ void __launch_bounds__(32) dit_box(
    const __grid_constant__ TensorMap map,   // (8, 64)
    unsigned *out) {                         // (256)
  DIT_SHARED(shared);
  device::mbarrier *bar = reinterpret_cast<device::mbarrier *>(shared + 1024);
  if (threadIdx.x == 0) {
    device::mbarrier_init(bar, 1);
    device::fence_mbarrier_init();
    device::mbarrier_arrive_expect_tx(bar, 1024);
    device::tma_load_2d(shared, &map, bar, 0, 0);
  }
  __syncthreads();
  device::mbarrier_wait(bar, 0);
  for (int i = threadIdx.x; i < 256; i += 32)
    out[i] = reinterpret_cast<unsigned *>(shared)[i];
}
