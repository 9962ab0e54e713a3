// Attention over the joined q, k, v (N, T, 3, H, D) -> (N, T, H D), bf16.
// The grid is (query tiles, heads, samples).
#include "attention.h"
using namespace dit;

template <int kTokens, int kHeads, int D>
DIT_INLINE void selfAttention(unsigned char *shared, const bf16 *qkv,
                              bf16 *out) {
  constexpr int kWidth = kHeads * D;
  const int head = blockIdx.y, sample = blockIdx.z;
  const bf16 *q = qkv + (long long)sample * kTokens * 3 * kWidth + head * D;
  Attention<D>::run(shared, q, 3 * kWidth, kTokens, q + kWidth, 3 * kWidth,
                    q + 2 * kWidth, 3 * kWidth, kTokens,
                    out + (long long)sample * kTokens * kWidth + head * D,
                    kWidth, rsqrtf((float)D));
}

extern "C" __global__ void __launch_bounds__(128)
    dit_attention_bf16_t256_h16_d72(const bf16 *qkv, bf16 *out) {
  DIT_SHARED(shared);
  selfAttention<256, 16, 72>(shared, qkv, out);
}

// Three blocks of keys, the last with 5 of 64.
extern "C" __global__ void __launch_bounds__(128)
    dit_attention_bf16_t133_h2_d72(const bf16 *qkv, bf16 *out) {
  DIT_SHARED(shared);
  selfAttention<133, 2, 72>(shared, qkv, out);
}

extern "C" __global__ void __launch_bounds__(128)
    dit_attention_bf16_t133_h2_d64(const bf16 *qkv, bf16 *out) {
  DIT_SHARED(shared);
  selfAttention<133, 2, 64>(shared, qkv, out);
}

// Less than one block of keys.
extern "C" __global__ void __launch_bounds__(128)
    dit_attention_bf16_t17_h3_d64(const bf16 *qkv, bf16 *out) {
  DIT_SHARED(shared);
  selfAttention<17, 3, 64>(shared, qkv, out);
}

// The other head sizes: 80, 96 and 128 fill their fragments.
extern "C" __global__ void __launch_bounds__(128)
    dit_attention_bf16_t69_h1_d80(const bf16 *qkv, bf16 *out) {
  DIT_SHARED(shared);
  selfAttention<69, 1, 80>(shared, qkv, out);
}
extern "C" __global__ void __launch_bounds__(128)
    dit_attention_bf16_t69_h1_d96(const bf16 *qkv, bf16 *out) {
  DIT_SHARED(shared);
  selfAttention<69, 1, 96>(shared, qkv, out);
}
extern "C" __global__ void __launch_bounds__(128)
    dit_attention_bf16_t69_h1_d128(const bf16 *qkv, bf16 *out) {
  DIT_SHARED(shared);
  selfAttention<69, 1, 128>(shared, qkv, out);
}

// Cross-attention: 37 tokens ask a sequence of two.
extern "C" __global__ void __launch_bounds__(128)
    dit_cross_attention_bf16_t37_s2_h2_d72(const bf16 *q,  // (N, T, H, D)
                                           const bf16 *kv, // (N, S, 2, H, D)
                                           bf16 *out) {    // (N, T, H D)
  DIT_SHARED(shared);
  constexpr int kTokens = 37, kSequence = 2, D = 72, kWidth = 2 * D;
  const int head = blockIdx.y, sample = blockIdx.z;
  const bf16 *k = kv + sample * kSequence * 2 * kWidth + head * D;
  Attention<D>::run(shared, q + sample * kTokens * kWidth + head * D, kWidth,
                    kTokens, k, 2 * kWidth, k + kWidth, 2 * kWidth, kSequence,
                    out + sample * kTokens * kWidth + head * D, kWidth,
                    rsqrtf((float)D));
}
