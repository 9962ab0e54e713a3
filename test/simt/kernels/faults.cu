// What no kernel may do. checks/faults.cpp runs one of these at a time, and the
// test expects the executor's sentence for it.
#include "dit_device.h"
using namespace dit;

extern "C" __global__ void some_skip_a_barrier() {
  if (threadIdx.x < 40)
    __syncthreads();
}

extern "C" __global__ void two_places_of_one_barrier() {
  if (threadIdx.x < 32)
    __syncthreads();
  else
    __syncthreads();
}

extern "C" __global__ void counts_differ() {
  device::barrier_sync(2, threadIdx.x < 32 ? 64 : 32);
}

extern "C" __global__ void exited_lane_in_mask(int *out) {
  if (threadIdx.x == 7)
    return;
  out[threadIdx.x] = __shfl_xor_sync(0xffffffffu, out[threadIdx.x], 1);
}

extern "C" __global__ void lanes_at_two_operations(int *out) {
  if (threadIdx.x < 16)
    out[threadIdx.x] = __shfl_xor_sync(0xffffffffu, 1, 1);
  else
    __syncwarp();
}

extern "C" __global__ void shuffle_from_outside(int *out) {
  if (threadIdx.x < 16)
    out[threadIdx.x] = __shfl_sync(0x0000ffffu, 1, 20);
}

extern "C" __global__ void write_past_shared() {
  DIT_SHARED(shared);
  shared[100 + threadIdx.x] = 1;
}

extern "C" __global__ void write_far_past_shared() {
  DIT_SHARED(shared);
  shared[3000] = 1;
}

extern "C" __global__ void unaligned_copy(const float *in) {
  DIT_SHARED(shared);
  device::cp_async16(shared + 4, in, true);
}

extern "C" __global__ void unaligned_load(const float *in, float *out) {
  *out = reinterpret_cast<const float4 *>(in + 1)->x;
}

extern "C" __global__ void nobody_arrives() {
  DIT_SHARED(shared);
  device::mbarrier *bar = reinterpret_cast<device::mbarrier *>(shared);
  if (threadIdx.x == 0)
    device::mbarrier_init(bar, 2);
  __syncthreads();
  if (threadIdx.x == 32)
    device::mbarrier_arrive(bar);
  if (threadIdx.x < 32)
    device::mbarrier_wait(bar, 0);
  __syncthreads();
}

extern "C" __global__ void writes_over_a_barrier() {
  DIT_SHARED(shared);
  device::mbarrier *bar = reinterpret_cast<device::mbarrier *>(shared);
  device::mbarrier_init(bar, 1);
  shared[3] = 0;
  device::mbarrier_arrive(bar);
}

extern "C" __global__ void
leaves_a_copy(const __grid_constant__ TensorMap map) {
  DIT_SHARED(shared);
  device::mbarrier *bar = reinterpret_cast<device::mbarrier *>(shared + 1024);
  device::mbarrier_init(bar, 1);
  device::fence_mbarrier_init();
  device::mbarrier_arrive_expect_tx(bar, 1024);
  device::tma_load_2d(shared, &map, bar, 0, 0);
}

// Two blocks write one element: the last one wins.
extern "C" __global__ void blocks_race(int *out) { out[threadIdx.x] = 7; }

// Every thread writes the same, one reads it: only ThreadSanitizer minds.
extern "C" __global__ void harmless_race(int *out) {
  DIT_SHARED(shared);
  int *value = reinterpret_cast<int *>(shared);
  *value = 5;
  if (threadIdx.x == 0)
    *out = *value;
}
