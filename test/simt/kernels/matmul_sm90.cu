// Linears on wgmma with TMA, sm_90a only: alone, and in clusters of two blocks
// that load w once for both.
#include "matmul_sm90.h"
using namespace dit;

// out = gelu(a w^T + bias)
template <class Tile, int kDepth, int kWidth>
DIT_INLINE void linearGelu(unsigned char *shared, const TensorMap &a, // (T, K)
                           const TensorMap &weight,                   // (M, K)
                           const float *bias,                         // (M)
                           bf16 *out,                                 // (T, M)
                           int tokens) {
  Tile::template run<kDepth>(shared, a, tokens, weight, kWidth,
                             [&](int token, int d, float2 acc) {
                               store2(out + (long long)token * kWidth + d,
                                      gelu_tanh(acc + load2(bias + d)));
                             });
}

// blocks[*].mlp.fc1 of XL/2: 128 x 144 tiles, 128 of them for 512 rows.
using Fc1Tile = WgmmaTile<144, 4, 2>;
extern "C" __global__ void __launch_bounds__(Fc1Tile::kThreads, 1)
    dit_linear_gelu_bf16_1152x4608(const __grid_constant__ TensorMap a,
                                   const __grid_constant__ TensorMap weight,
                                   const float *bias, bf16 *out, int tokens) {
  DIT_SHARED(shared);
  linearGelu<Fc1Tile, 1152, 4608>(shared, a, weight, bias, out, tokens);
}
using Fc1ClusterTile = WgmmaTile<144, 4, 2, 2>;
extern "C" __global__ void DIT_CLUSTER(1, 2, 1)
    __launch_bounds__(Fc1ClusterTile::kThreads, 1)
        dit_linear_gelu_cluster_bf16_1152x4608(
            const __grid_constant__ TensorMap a,
            const __grid_constant__ TensorMap weight, const float *bias,
            bf16 *out, int tokens) {
  DIT_SHARED(shared);
  linearGelu<Fc1ClusterTile, 1152, 4608>(shared, a, weight, bias, out, tokens);
}

// Two stages for 5 steps, the last an eighth full; a partial tile either way.
using SmallTile = WgmmaTile<24, 2, 1>;
extern "C" __global__ void __launch_bounds__(SmallTile::kThreads, 1)
    dit_linear_gelu_bf16_264x40(const __grid_constant__ TensorMap a,
                                const __grid_constant__ TensorMap weight,
                                const float *bias, bf16 *out, int tokens) {
  DIT_SHARED(shared);
  linearGelu<SmallTile, 264, 40>(shared, a, weight, bias, out, tokens);
}
using SmallClusterTile = WgmmaTile<32, 2, 2, 2>;
extern "C" __global__ void DIT_CLUSTER(1, 2, 1)
    __launch_bounds__(SmallClusterTile::kThreads, 1)
        dit_linear_gelu_cluster_bf16_264x40(
            const __grid_constant__ TensorMap a,
            const __grid_constant__ TensorMap weight, const float *bias,
            bf16 *out, int tokens) {
  DIT_SHARED(shared);
  linearGelu<SmallClusterTile, 264, 40>(shared, a, weight, bias, out, tokens);
}
