// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the model of clocks (test/simt/clocks) is least sure of: XL/2's matmuls
// behind attention and behind fc1 at 512 rows, a launch of nothing, and TMA
// without a product.
#include "matmul_sm90.h"
using namespace dit;

// out = gelu(x w^T + bias), of XL/2's fc1
using Fc1 = WgmmaTile<144, 6, 2, 2, 2>;
extern "C" __global__ void DIT_CLUSTER(2, 2, 1)
    __launch_bounds__(Fc1::kThreads, 1)
        fc1(const __grid_constant__ TensorMap x,      // (T, 1152)
            const __grid_constant__ TensorMap weight, // (4608, 1152)
            const float *bias, bf16 *out, int tokens) {
  DIT_SHARED(shared);
  Fc1::run<1152>(shared, x, tokens, weight, 4608,
                 [&](int token, int d, float4 sum) {
                   store4(out + token * 4608ll + d,
                          gelu_tanh(sum + load4(bias + d)));
                 });
}

// out = residual + gate * (x w^T + bias), of XL/2's fc2
using Fc2 = WgmmaTile<80, 8, 1, 2, 2>;
extern "C" __global__ void DIT_CLUSTER(2, 2, 1)
    __launch_bounds__(Fc2::kThreads, 1)
        fc2(const __grid_constant__ TensorMap x,      // (T, 4608)
            const __grid_constant__ TensorMap weight, // (1152, 4608)
            const float *bias, const float *gate, const float *residual,
            float *out, int tokens) {
  DIT_SHARED(shared);
  Fc2::run<4608>(shared, x, tokens, weight, 1152,
                 [&](int token, int d, float4 sum) {
                   const long long at = token * 1152ll + d;
                   store4(out + at,
                          load4(residual + at) +
                              load4(gate + d) * (sum + load4(bias + d)));
                 });
}

// Nothing: what a launch of clusters takes itself.
extern "C" __global__ void DIT_CLUSTER(2, 2, 1)
    __launch_bounds__(256, 1) nothing(float *out) {
  if (threadIdx.x == 0)
    out[(blockIdx.z * 2 + blockIdx.y) * 32 + blockIdx.x] = 1.f;
}

// A matmul's loads, in clusters of 4 x 2, and no product: what comes into a
// multiprocessor.
using Ring = TmaRing<(96 + 64) * 128, 8, 1, 4, 2>;
extern "C" __global__ void DIT_CLUSTER(2, 4, 1)
    __launch_bounds__(Ring::kThreads, 1)
        ingest(const __grid_constant__ TensorMap x,      // (T, 4608)
               const __grid_constant__ TensorMap weight, // (1152, 4608)
               int steps) {
  DIT_SHARED(shared);
  const Ring ring{shared};
  const int m0 = (blockIdx.z * 4 + blockIdx.y) * 64, n0 = blockIdx.x * 96;
  ring.begin();
  if (threadIdx.x == 0)
    for (int step = 0; step < steps; ++step) {
      unsigned char *stage = ring.refill(step);
      ring.loadX<64>(stage, x, step, step * 64, m0);
      ring.loadW<96>(stage + 64 * 128, weight, step, step * 64, n0);
    }
  if (threadIdx.x >= 128)
    for (int step = 0; step < steps; ++step) {
      ring.wait(step);
      ring.release(step);
    }
  ring.end();
}
