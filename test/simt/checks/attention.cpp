// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kernels/attention.cu against double loops.
#include "Check.h"
#include <cmath>

using namespace check;

using Kernel = void(const Bf16 *, Bf16 *);
extern "C" Kernel dit_attention_bf16_t133_h2_d72,
    dit_attention_bf16_t133_h2_d64, dit_attention_bf16_t17_h3_d64,
    dit_attention_bf16_t69_h1_d80, dit_attention_bf16_t69_h1_d96,
    dit_attention_bf16_t69_h1_d128;
extern "C" void dit_cross_attention_bf16_t37_s2_h2_d72(const Bf16 *,
                                                       const Bf16 *, Bf16 *);

/// Rows of one operand: element i of a head's row of a sample.
struct Rows {
  const Buffer<Bf16> &buffer;
  int perSample, stride, offset;

  double operator()(int sample, int row, int column) const {
    return buffer[(size_t(sample) * perSample + row) * stride + offset +
                  column];
  }
};

static std::vector<double> reference(const Rows &q, const Rows &k,
                                     const Rows &v, int samples, int heads,
                                     int d) {
  const int width = heads * d, tokens = q.perSample;
  std::vector<double> out(size_t(samples) * tokens * width), p(k.perSample);
  for (int n = 0; n < samples; ++n)
    for (int head = 0; head < heads; ++head)
      for (int token = 0; token < tokens; ++token) {
        double top = -1e300, total = 0;
        for (int key = 0; key < k.perSample; ++key) {
          p[key] = 0;
          for (int i = head * d; i < head * d + d; ++i)
            p[key] += q(n, token, i) * k(n, key, i) / std::sqrt(d);
          top = std::max(top, p[key]);
        }
        for (double &s : p)
          total += s = std::exp(s - top);
        for (int i = head * d; i < head * d + d; ++i)
          for (int key = 0; key < k.perSample; ++key)
            out[(size_t(n) * tokens + token) * width + i] +=
                p[key] * v(n, key, i) / total;
      }
  return out;
}

static void run(Case &test, Buffer<Bf16> &out, int samples, int tokens,
                int heads, int d, const std::function<void()> &kernel) {
  const unsigned pitch = (d + 15) / 16 * 16 + 8;
  test.run(
      {{unsigned(tokens + 63) / 64, unsigned(heads), unsigned(samples)},
       {128},
       5 * 64 * pitch * 2},
      [&] { out.clear(); }, kernel);
}

static void selfAttention(const std::string &name, Kernel *kernel, int samples,
                          int tokens, int heads, int d) {
  if (!wanted(name))
    return;
  const int width = heads * d;
  const size_t count = size_t(samples) * tokens * width;
  const auto qkv = randomBf16("qkv", 3 * count, tokens);
  Buffer<Bf16> out("out", count);
  Case test(name);
  test.expect(out,
              reference({qkv, tokens, 3 * width, 0},
                        {qkv, tokens, 3 * width, width},
                        {qkv, tokens, 3 * width, 2 * width}, samples, heads, d),
              1.2e-2);
  run(test, out, samples, tokens, heads, d,
      [&] { kernel(qkv.data(), out.data()); });
}

static void crossAttention(const std::string &name, int samples) {
  constexpr int kTokens = 37, kSequence = 2, kHeads = 2, kDim = 72,
                kWidth = kHeads * kDim;
  const auto q = randomBf16("q", samples * kTokens * kWidth, 1);
  const auto kv = randomBf16("kv", samples * kSequence * 2 * kWidth, 2);
  Buffer<Bf16> out("out", q.size());
  Case test(name);
  test.expect(out,
              reference({q, kTokens, kWidth, 0}, {kv, kSequence, 2 * kWidth, 0},
                        {kv, kSequence, 2 * kWidth, kWidth}, samples, kHeads,
                        kDim),
              1.2e-2);
  run(test, out, samples, kTokens, kHeads, kDim, [&] {
    dit_cross_attention_bf16_t37_s2_h2_d72(q.data(), kv.data(), out.data());
  });
}

int main(int argc, char **argv) {
  begin(argc, argv);
  selfAttention("attention 2x17x3x64", dit_attention_bf16_t17_h3_d64, 2, 17, 3,
                64);
  selfAttention("attention 1x133x2x64", dit_attention_bf16_t133_h2_d64, 1, 133,
                2, 64);
  selfAttention("attention 1x133x2x72", dit_attention_bf16_t133_h2_d72, 1, 133,
                2, 72);
  selfAttention("attention 1x69x1x80", dit_attention_bf16_t69_h1_d80, 1, 69, 1,
                80);
  selfAttention("attention 1x69x1x96", dit_attention_bf16_t69_h1_d96, 1, 69, 1,
                96);
  selfAttention("attention 1x69x1x128", dit_attention_bf16_t69_h1_d128, 1, 69,
                1, 128);
  crossAttention("cross-attention 3x37x2x2x72", 3);
}
