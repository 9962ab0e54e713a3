// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kernels/attention.cu against double loops.
#include "Check.h"
#include <cmath>

using namespace check;

using Kernel = void(const Bf16 *, Bf16 *);
extern "C" Kernel dit_attention_bf16_t133_h2_d72,
    dit_attention_bf16_t133_h2_d64, dit_attention_bf16_t17_h3_d64;

static std::vector<double> reference(const Buffer<Bf16> &qkv, int samples,
                                     int tokens, int heads, int d) {
  const int width = heads * d;
  std::vector<double> out(size_t(samples) * tokens * width), p(tokens);
  for (int n = 0; n < samples; ++n)
    for (int head = 0; head < heads; ++head) {
      auto at = [&](int token, int which, int i) {
        return qkv[((size_t(n) * tokens + token) * 3 + which) * width +
                   head * d + i];
      };
      for (int q = 0; q < tokens; ++q) {
        double top = -1e300, total = 0;
        for (int k = 0; k < tokens; ++k) {
          p[k] = 0;
          for (int i = 0; i < d; ++i)
            p[k] += at(q, 0, i) * at(k, 1, i);
          p[k] /= std::sqrt(d);
          top = std::max(top, p[k]);
        }
        for (double &s : p)
          total += s = std::exp(s - top);
        for (int i = 0; i < d; ++i) {
          double sum = 0;
          for (int k = 0; k < tokens; ++k)
            sum += p[k] * at(k, 2, i);
          out[(size_t(n) * tokens + q) * width + head * d + i] = sum / total;
        }
      }
    }
  return out;
}

static void attention(const std::string &name, Kernel *kernel, int samples,
                      int tokens, int heads, int d) {
  if (!wanted(name))
    return;
  const size_t count = size_t(samples) * tokens * heads * d;
  const auto qkv = randomBf16("qkv", 3 * count, tokens);
  Buffer<Bf16> out("out", count);
  Case test(name);
  test.expect(out, reference(qkv, samples, tokens, heads, d), 1.2e-2);
  const unsigned pitch = (d + 15) / 16 * 16 + 8;
  test.run(
      {{unsigned(tokens + 63) / 64, unsigned(heads), unsigned(samples)},
       {128},
       5 * 64 * pitch * 2},
      [&] { out.clear(); }, [&] { kernel(qkv.data(), out.data()); });
}

int main(int argc, char **argv) {
  begin(argc, argv);
  attention("attention 2x17x3x64", dit_attention_bf16_t17_h3_d64, 2, 17, 3, 64);
  attention("attention 1x133x2x64", dit_attention_bf16_t133_h2_d64, 1, 133, 2,
            64);
  attention("attention 1x133x2x72", dit_attention_bf16_t133_h2_d72, 1, 133, 2,
            72);
}
