// Row kernels as the emitter prints them: constants, the condition table, and
// the region's formula as the body.
#include "row.h"
using namespace dit;

// Where a block's modulation stands in its row of the condition table.
enum { shift_msa, scale_msa, gate_msa, shift_mlp, scale_mlp, gate_mlp };

// x = x + gate_msa * attn;  h = layer_norm(x) * (1 + scale_mlp) + shift_mlp
// One warp a token, four tokens a block.
template <int kWidth, int kTokens>
DIT_INLINE void
gateAddNormModulate(float *x, // (N T, D) residual stream, updated in place
                    const bf16 *attn,     // (N T, D)
                    const float *table,   // (rows, 6 D)
                    const int *row_index, // (N)
                    bf16 *h,              // (N T, D)
                    int tokens) {
  const int token = blockIdx.x * 4 + threadIdx.x / 32;
  if (token >= tokens)
    return;
  const long long at = (long long)token * kWidth;
  const float *row = table + (long long)row_index[token / kTokens] * 6 * kWidth;
  auto condition = [&](int which) {
    return load<kWidth>(row + which * kWidth);
  };

  const auto x1 =
      load<kWidth>(x + at) + condition(gate_msa) * load<kWidth>(attn + at);
  store(x + at, x1);
  store(h + at, layer_norm(x1, 1e-6f) * (1.f + condition(scale_mlp)) +
                    condition(shift_mlp));
}

extern "C" __global__ void __launch_bounds__(128)
    dit_gate_add_norm_modulate_bf16_1152(float *x, const bf16 *attn,
                                         const float *table,
                                         const int *row_index, bf16 *h,
                                         int tokens) {
  gateAddNormModulate<1152, 3>(x, attn, table, row_index, h, tokens);
}

// 9 chunks of 8: most lanes hold nothing.
extern "C" __global__ void __launch_bounds__(128)
    dit_gate_add_norm_modulate_bf16_72(float *x, const bf16 *attn,
                                       const float *table, const int *row_index,
                                       bf16 *h, int tokens) {
  gateAddNormModulate<72, 5>(x, attn, table, row_index, h, tokens);
}

// 37 chunks of one: two rounds, the second nearly empty.
extern "C" __global__ void __launch_bounds__(128)
    dit_gate_add_norm_modulate_bf16_37(float *x, const bf16 *attn,
                                       const float *table, const int *row_index,
                                       bf16 *h, int tokens) {
  gateAddNormModulate<37, 5>(x, attn, table, row_index, h, tokens);
}
