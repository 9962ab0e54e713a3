// One small kernel for each function of codegen/cuda/device/ptx*.h, so that a
// GPU can confirm what the executor takes them to mean.
#include "dit_device.h"
using namespace dit;

extern "C" __global__ void shuffles(int *out) { // (2, 32)
  const int lane = threadIdx.x;
  out[lane] = __shfl_sync(0xffffffffu, 3 * lane, 5);
  out[32 + lane] = __shfl_xor_sync(0xffffffffu, 3 * lane, 9);
}

// Warp 0 writes, arrives and goes on; warp 1 waits and reads.
extern "C" __global__ void named_barrier(int *out) { // (32)
  DIT_SHARED(shared);
  int *values = reinterpret_cast<int *>(shared);
  const int lane = threadIdx.x % 32;
  if (threadIdx.x < 32) {
    values[lane] = lane * lane;
    device::barrier_arrive(3, 64);
  } else {
    device::barrier_sync(3, 64);
    out[lane] = values[31 - lane];
  }
}

extern "C" __global__ void copies(const float *in, float *out) { // (32, 4)
  DIT_SHARED(shared);
  float *mine = reinterpret_cast<float *>(shared) + threadIdx.x * 4;
  device::cp_async16(mine, in + threadIdx.x * 4, threadIdx.x % 3 != 0);
  device::cp_async_commit();
  device::cp_async_wait<0>();
  for (int i = 0; i < 4; ++i)
    out[threadIdx.x * 4 + i] = mine[i];
}

// in (32, 8): four matrices one below the other; out (2, 4, 32) registers.
extern "C" __global__ void matrices(const unsigned short *in, unsigned *out) {
  DIT_SHARED(shared);
  unsigned short *rows = reinterpret_cast<unsigned short *>(shared);
  const int lane = threadIdx.x;
  for (int i = 0; i < 8; ++i) // each row by another lane than will name it
    rows[(31 - lane) * 8 + i] = in[(31 - lane) * 8 + i];
  __syncwarp();
  unsigned plain[4], transposed[4];
  device::ldmatrix_x4(plain, rows + lane * 8);
  device::ldmatrix_x4_trans(transposed, rows + lane * 8);
  for (int m = 0; m < 4; ++m) {
    out[m * 32 + lane] = plain[m];
    out[(4 + m) * 32 + lane] = transposed[m];
  }
}

// d (16, 8) = c + a (16, 16) b (8, 16)^T
extern "C" __global__ void mma_bf16(const float *a, const float *b,
                                    const float *c, float *d) {
  const int i = threadIdx.x / 4, j = threadIdx.x % 4 * 2;
  auto pair = [](const float *p) { return device::pack_bf16x2(p[0], p[1]); };
  const unsigned fa[4] = {pair(a + i * 16 + j), pair(a + (i + 8) * 16 + j),
                          pair(a + i * 16 + j + 8),
                          pair(a + (i + 8) * 16 + j + 8)};
  float acc[4] = {c[i * 8 + j], c[i * 8 + j + 1], c[(i + 8) * 8 + j],
                  c[(i + 8) * 8 + j + 1]};
  device::mma_m16n8k16_bf16(acc, fa, pair(b + i * 16 + j),
                            pair(b + i * 16 + j + 8));
  for (int e = 0; e < 4; ++e)
    d[(i + e / 2 * 8) * 8 + j + e % 2] = acc[e];
}

// d (16, 8) = c + a (16, 8) b (8, 8)^T
extern "C" __global__ void mma_tf32(const float *a, const float *b,
                                    const float *c, float *d) {
  const int i = threadIdx.x / 4, k = threadIdx.x % 4, j = k * 2;
  const unsigned fa[4] = {device::to_tf32(a[i * 8 + k]),
                          device::to_tf32(a[(i + 8) * 8 + k]),
                          device::to_tf32(a[i * 8 + k + 4]),
                          device::to_tf32(a[(i + 8) * 8 + k + 4])};
  float acc[4] = {c[i * 8 + j], c[i * 8 + j + 1], c[(i + 8) * 8 + j],
                  c[(i + 8) * 8 + j + 1]};
  device::mma_m16n8k8_tf32(acc, fa, device::to_tf32(b[i * 8 + k]),
                           device::to_tf32(b[i * 8 + k + 4]));
  for (int e = 0; e < 4; ++e)
    d[(i + e / 2 * 8) * 8 + j + e % 2] = acc[e];
}

// out (7, n): bf16 and back, the other half of the pair, tf32, 2^x, 1 / x, gelu,
// sigmoid.
extern "C" __global__ void conversions(const float *in, float *out, int n) {
  for (int i = threadIdx.x; i < n; i += 32) {
    out[i] = toFloat(toBf16(in[i]));
    out[n + i] = __uint_as_float(device::pack_bf16x2(1.f, in[i]) & 0xffff0000u);
    out[2 * n + i] = __uint_as_float(device::to_tf32(in[i]));
    out[3 * n + i] = device::ex2(in[i]);
    out[4 * n + i] = device::rcp(in[i]);
    out[5 * n + i] = gelu_tanh(in[i]);
    out[6 * n + i] = sigmoid2(in[i]);
  }
}

// Block b adds to what block b - 1 left, of a grid that runs all at once.
extern "C" __global__ void flags(int *flag, int *out) { // (1), (grid)
  const int block = blockIdx.x;
  if (threadIdx.x != 0)
    return;
  device::flag_wait_at_least(flag, block);
  out[block] = block + (block ? out[block - 1] : 0);
  device::flag_add_release(flag, 1);
}

// A box of 8 rows of 64, from column 40 of row 5: as it lies in shared memory.
extern "C" __global__ void tma_box(const __grid_constant__ TensorMap map,
                                   unsigned *out) { // (256)
  DIT_SHARED(shared);
  device::mbarrier *bar = reinterpret_cast<device::mbarrier *>(shared + 1024);
  if (threadIdx.x == 0) {
    device::mbarrier_init(bar, 2);
    device::fence_mbarrier_init();
    device::mbarrier_arrive_expect_tx(bar, 1024);
    device::tma_load_2d(shared, &map, bar, 40, 5);
  }
  __syncthreads();
  if (threadIdx.x == 17)
    device::mbarrier_arrive(bar);
  device::mbarrier_wait(bar, 0);
  for (int i = threadIdx.x; i < 256; i += 32)
    out[i] = reinterpret_cast<unsigned *>(shared)[i];
}

// Rank 1 of two loads a box for both; both tell rank 0 that they are done.
extern "C" __global__ void DIT_CLUSTER(2, 1, 1)
    cluster_box(const __grid_constant__ TensorMap map, unsigned *out,
                int *ranks) { // (2, 256), (2)
  DIT_SHARED(shared);
  device::mbarrier *full = reinterpret_cast<device::mbarrier *>(shared + 1024);
  device::mbarrier *done = full + 1;
  const unsigned rank = device::cluster_rank();
  if (threadIdx.x == 0) {
    device::mbarrier_init(full, 1);
    device::mbarrier_init(done, 2);
    device::fence_mbarrier_init();
    device::mbarrier_arrive_expect_tx(full, 1024);
  }
  device::cluster_sync();
  if (rank == 1 && threadIdx.x == 0)
    device::tma_load_2d_multicast(shared, &map, full, 40, 5, 3);
  device::mbarrier_wait(full, 0);
  for (int i = threadIdx.x; i < 256; i += 32)
    out[rank * 256 + i] = reinterpret_cast<unsigned *>(shared)[i];
  __syncwarp();
  if (threadIdx.x == 0) {
    device::mbarrier_arrive_remote(done, 0);
    if (rank == 0)
      device::mbarrier_wait(done, 0);
    ranks[rank] = rank;
  }
  device::cluster_sync();
}

// d (64, N) = 2 a (64, 64) b (N, 64)^T: what threads wrote is fenced for wgmma.
template <int N>
DIT_INLINE void wgmmaOf(unsigned char *shared, const float *a, const float *b,
                        float *d) {
  auto put = [&](unsigned char *tile, const float *from, int rows) {
    for (int i = threadIdx.x; i < rows * 32; i += 128) {
      const int row = i / 32, pair = i % 32; // a word of 16 bytes is 4 pairs
      const int word = (pair / 4) ^ (row % 8);
      *reinterpret_cast<unsigned *>(tile + row * 128 + word * 16 +
                                    pair % 4 * 4) =
          device::pack_bf16x2(from[2 * i], from[2 * i + 1]);
    }
  };
  unsigned char *tileB = shared + 64 * 128;
  put(shared, a, 64);
  put(tileB, b, N);
  device::fence_proxy_async();
  __syncthreads();
  float acc[N / 2] = {};
  device::wgmma_fence();
  for (int round = 0; round < 2; ++round)
    DIT_FOR (int k = 0; k < 4; ++k)
      device::wgmma<N>(acc, swizzledOperand(shared) + 2 * k,
                       swizzledOperand(tileB) + 2 * k, round + k > 0);
  device::wgmma_commit();
  device::wgmma_wait<0>(acc);
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  DIT_FOR (int i = 0; i < N / 2; ++i)
    d[(warp * 16 + i / 2 % 2 * 8 + lane / 4) * N + i / 4 * 8 + lane % 4 * 2 +
      i % 2] = acc[i];
}
extern "C" __global__ void __launch_bounds__(128)
    wgmma_n8(const float *a, const float *b, float *d) {
  DIT_SHARED(shared);
  wgmmaOf<8>(shared, a, b, d);
}
extern "C" __global__ void __launch_bounds__(128)
    wgmma_n72(const float *a, const float *b, float *d) {
  DIT_SHARED(shared);
  wgmmaOf<72>(shared, a, b, d);
}
extern "C" __global__ void __launch_bounds__(128)
    wgmma_n256(const float *a, const float *b, float *d) {
  DIT_SHARED(shared);
  wgmmaOf<256>(shared, a, b, d);
}

// Two warpgroups trade registers.
extern "C" __global__ void __launch_bounds__(256, 1) registers(int *out) {
  if (threadIdx.x < 128)
    device::setmaxnreg_dec<40>();
  else
    device::setmaxnreg_inc<232>();
  out[threadIdx.x] = threadIdx.x;
}
