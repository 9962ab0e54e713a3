// Linears on wgmma with TMA, sm_90a only: alone, and in clusters of blocks that
// load x and w once for all; with x from memory, and made row by row.
#include "matmul_sm90.h"
using namespace dit;

// out = gelu(x w^T + bias)
template <class Tile, int kDepth, int kWidth>
DIT_INLINE void linearGelu(unsigned char *shared, const TensorMap &x, // (T, K)
                           const TensorMap &weight,                   // (M, K)
                           const float *bias,                         // (M)
                           bf16 *out,                                 // (T, M)
                           int tokens) {
  Tile::template run<kDepth>(shared, x, tokens, weight, kWidth,
                             [&](int token, int d, float4 acc) {
                               store4(out + (long long)token * kWidth + d,
                                      gelu_tanh(acc + load4(bias + d)));
                             });
}

// out = gelu((layer_norm(x) * (1 + scale) + shift) w^T + bias)
template <class Tile, int kDepth, int kWidth>
DIT_INLINE void normLinearGelu(unsigned char *shared, const float *x, // (T, K)
                               const float *scale, const float *shift,  // (K)
                               const TensorMap &weight, // (M, K)
                               const float *bias,       // (M)
                               bf16 *out,               // (T, M)
                               int tokens) {
  Tile::run(
      shared,
      [&](int token) {
        return layer_norm(load<kDepth>(x + (long long)token * kDepth), 1e-6f) *
                   (1.f + load<kDepth>(scale)) +
               load<kDepth>(shift);
      },
      tokens, weight, kWidth,
      [&](int token, int d, float4 acc) {
        store4(out + (long long)token * kWidth + d,
               gelu_tanh(acc + load4(bias + d)));
      });
}

#define LINEAR_GELU(name, Tile, kDepth, kWidth, ...)                           \
  extern "C" __global__ void __VA_ARGS__ __launch_bounds__(Tile::kThreads, 1)  \
      name(const __grid_constant__ TensorMap x,                                \
           const __grid_constant__ TensorMap weight, const float *bias,        \
           bf16 *out, int tokens) {                                            \
    DIT_SHARED(shared);                                                        \
    linearGelu<Tile, kDepth, kWidth>(shared, x, weight, bias, out, tokens);    \
  }
#define NORM_LINEAR_GELU(name, Tile, kDepth, kWidth, ...)                      \
  extern "C" __global__ void __VA_ARGS__ __launch_bounds__(Tile::kThreads, 1)  \
      name(const float *x, const float *scale, const float *shift,             \
           const __grid_constant__ TensorMap weight, const float *bias,        \
           bf16 *out, int tokens) {                                            \
    DIT_SHARED(shared);                                                        \
    normLinearGelu<Tile, kDepth, kWidth>(shared, x, scale, shift, weight,      \
                                         bias, out, tokens);                   \
  }

// blocks[*].mlp.fc1 of XL/2.
using Fc1Tile = WgmmaTile<144, 4, 2>;
using Fc1ClusterTile = WgmmaTile<144, 4, 2, 2, 2>;
using Fc1Rows = WgmmaRows<144, 4, 1, 1152, 2, 2>;
LINEAR_GELU(dit_linear_gelu_bf16_1152x4608, Fc1Tile, 1152, 4608)
LINEAR_GELU(dit_linear_gelu_cluster_bf16_1152x4608, Fc1ClusterTile, 1152, 4608,
            DIT_CLUSTER(2, 2, 1))
NORM_LINEAR_GELU(dit_norm_linear_gelu_bf16_1152x4608, Fc1Rows, 1152, 4608,
                 DIT_CLUSTER(1, 2, 1))

// Two stages for 5 steps, the last an eighth full; a partial tile either way.
using SmallTile = WgmmaTile<24, 2, 1>;
using SmallClusterTile = WgmmaTile<32, 2, 2, 2, 2>;
LINEAR_GELU(dit_linear_gelu_bf16_264x40, SmallTile, 264, 40)
LINEAR_GELU(dit_linear_gelu_cluster_bf16_264x40, SmallClusterTile, 264, 40,
            DIT_CLUSTER(2, 2, 1))

// Rows of three steps, the last an eighth full, for two column tiles a block
// and one for the last block.
using SmallRows = WgmmaRows<24, 2, 1, 136, 2>;
using SmallClusterRows = WgmmaRows<16, 2, 2, 136, 2, 2>;
NORM_LINEAR_GELU(dit_norm_linear_gelu_bf16_136x68, SmallRows, 136, 68)
NORM_LINEAR_GELU(dit_norm_linear_gelu_cluster_bf16_136x68, SmallClusterRows,
                 136, 68, DIT_CLUSTER(1, 2, 1))

// out = residual + gate * (x w^T + bias), in float32; five blocks of 8 columns.
using SmallGateTile = WgmmaTile<40, 3, 1, 1, 2>;
extern "C" __global__ void DIT_CLUSTER(2, 1, 1)
    __launch_bounds__(SmallGateTile::kThreads, 1)
        dit_linear_gate_add_f32_264x88(
            const __grid_constant__ TensorMap x,      // (T, K)
            const __grid_constant__ TensorMap weight, // (M, K)
            const float *bias, const float *gate,     // (M)
            const float *residual, float *out,        // (T, M)
            int tokens) {
  DIT_SHARED(shared);
  SmallGateTile::run<264>(shared, x, tokens, weight, 88,
                          [&](int token, int d, float4 acc) {
                            const long long at = token * 88ll + d;
                            const auto branch = acc + load4(bias + d);
                            store4(out + at, load4(residual + at) +
                                                 load4(gate + d) * branch);
                          });
}
