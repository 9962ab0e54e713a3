// Linears on mma.sync: what happens to an accumulator is the epilogue.
#include "elements.h"
#include "matmul.h"
using namespace dit;

// x = x + gate * (a w^T + bias); the gate is the sample's row of `table`.
template <class Tile, int kDepth, int kWidth, int kTokens>
DIT_INLINE void linearGateAdd(unsigned char *shared,
                              float *x,           // (N T, M), in place
                              const bf16 *a,      // (N T, K)
                              const bf16 *weight, // (M, K)
                              const float *bias,  // (M)
                              const float *gate,  // (N, M)
                              int tokens) {
  Tile::template run<kDepth>(
      shared, a, tokens, weight, kWidth, [&](int token, int d, float2 acc) {
        float *at = x + (long long)token * kWidth + d;
        const float2 g = load2(gate + token / kTokens * kWidth + d);
        store2(at, load2(at) + g * (acc + load2(bias + d)));
      });
}

// out = gelu(a w^T + bias)
template <class Tile, int kDepth, int kWidth>
DIT_INLINE void linearGelu(unsigned char *shared, const bf16 *a,
                           const bf16 *weight, const float *bias, bf16 *out,
                           int tokens) {
  Tile::template run<kDepth>(shared, a, tokens, weight, kWidth,
                             [&](int token, int d, float2 acc) {
                               store2(out + (long long)token * kWidth + d,
                                      gelu_tanh(acc + load2(bias + d)));
                             });
}

// blocks[*].attn.proj of XL/2: 64 x 96 tiles, 96 of them for 512 rows.
using ProjTile = MatmulTile<bf16, 64, 96, 64, 4, 2, 2>;
extern "C" __global__ void __launch_bounds__(ProjTile::kThreads)
    dit_linear_gate_add_bf16_1152x1152(float *x, const bf16 *a,
                                       const bf16 *weight, const float *bias,
                                       const float *gate, int tokens) {
  DIT_SHARED(shared);
  linearGateAdd<ProjTile, 1152, 1152, 256>(shared, x, a, weight, bias, gate,
                                           tokens);
}

// 5 steps of 16 and half a step, 3 stages, a partial tile either way.
using SmallTile = MatmulTile<bf16, 32, 32, 16, 3, 2, 1>;
extern "C" __global__ void __launch_bounds__(SmallTile::kThreads)
    dit_linear_gate_add_bf16_88x40(float *x, const bf16 *a, const bf16 *weight,
                                   const float *bias, const float *gate,
                                   int tokens) {
  DIT_SHARED(shared);
  linearGateAdd<SmallTile, 88, 40, 13>(shared, x, a, weight, bias, gate,
                                       tokens);
}
extern "C" __global__ void __launch_bounds__(SmallTile::kThreads)
    dit_linear_gelu_bf16_88x40(const bf16 *a, const bf16 *weight,
                               const float *bias, bf16 *out, int tokens) {
  DIT_SHARED(shared);
  linearGelu<SmallTile, 88, 40>(shared, a, weight, bias, out, tokens);
}

// out = h w^T + bias, h = layer_norm(x): rows made by the block that multiplies
// them. An odd number of columns in three tiles a block, of which the last
// block has one, and that in part; half a step at the end of the depth.
template <int kDepth, int kWidth>
DIT_INLINE void normLinear(unsigned char *shared,
                           const float *x,     // (N T, K)
                           const bf16 *weight, // (M, K)
                           const float *bias,  // (M)
                           float *out,         // (N T, M)
                           int tokens) {
  MatmulRows<bf16, 32, 32, 16, 3, 2, 1, kDepth, 3>::run(
      shared,
      [&](int token) {
        return layer_norm(load<kDepth>(x + token * kDepth), 1e-6f);
      },
      tokens, weight, kWidth,
      oneByOne(kWidth, [&](int token, int d, float acc, float) {
        out[token * kWidth + d] = acc + bias[d];
      }));
}

extern "C" __global__ void __launch_bounds__(64)
    dit_layer_norm_linear_bf16_56x101(const float *x, const bf16 *weight,
                                      const float *bias, float *out,
                                      int tokens) {
  DIT_SHARED(shared);
  normLinear<56, 101>(shared, x, weight, bias, out, tokens);
}
// Too many features for two rows at once.
extern "C" __global__ void __launch_bounds__(64)
    dit_layer_norm_linear_bf16_1288x101(const float *x, const bf16 *weight,
                                        const float *bias, float *out,
                                        int tokens) {
  DIT_SHARED(shared);
  normLinear<1288, 101>(shared, x, weight, bias, out, tokens);
}
