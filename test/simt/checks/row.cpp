// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kernels/row.cu against double loops.
#include "Check.h"
#include <cmath>

using namespace check;

using Kernel = void(float *, const Bf16 *, const float *, const int *, Bf16 *,
                    int);
extern "C" Kernel dit_gate_add_norm_modulate_bf16_1152,
    dit_gate_add_norm_modulate_bf16_72, dit_gate_add_norm_modulate_bf16_37;

static void gateAddNormModulate(const std::string &name, Kernel *kernel,
                                int samples, int perSample, int width) {
  const int tokens = samples * perSample, rows = samples + 2;
  auto x = randomFloats("x", tokens * width, 1);
  auto attn = randomBf16("attn", tokens * width, 2);
  for (int d = 0; d < width; ++d) { // one token whose variance is near eps
    x.data()[width + d] *= 1e-3f;
    attn.data()[width + d].bits = 0;
  }
  const auto table = randomFloats("table", rows * 6 * width, 3, 0.5);
  Buffer<int> index("row_index", samples);
  for (int n = 0; n < samples; ++n)
    index.data()[n] = (2 * n + 1) % rows;
  Buffer<Bf16> h("h", tokens * width);

  std::vector<double> stream(x.size()), next(h.size());
  for (int token = 0; token < tokens; ++token) {
    auto condition = [&](int which, int d) {
      const int row = index.data()[token / perSample];
      return table[(row * 6 + which) * width + d];
    };
    double mean = 0, variance = 0;
    for (int d = 0; d < width; ++d) {
      double &s = stream[token * width + d];
      s = x[token * width + d] + condition(2, d) * attn[token * width + d];
      mean += s / width;
    }
    for (int d = 0; d < width; ++d)
      variance += std::pow(stream[token * width + d] - mean, 2) / width;
    for (int d = 0; d < width; ++d)
      next[token * width + d] = (stream[token * width + d] - mean) /
                                    std::sqrt(variance + 1e-6) *
                                    (1 + condition(4, d)) +
                                condition(3, d);
  }

  const auto x0 = x.copy();
  Case test(name);
  test.expect(x, stream, 1e-6);
  test.expect(h, next, 5e-3);
  test.run(
      {{unsigned(tokens + 3) / 4}, {128}}, [&] { x.assign(x0), h.clear(); },
      [&] {
        kernel(x.data(), attn.data(), table.data(), index.data(), h.data(),
               tokens);
      });
}

int main(int argc, char **argv) {
  begin(argc, argv);
  gateAddNormModulate("row 2x5x72", dit_gate_add_norm_modulate_bf16_72, 2, 5,
                      72);
  gateAddNormModulate("row 3x5x37", dit_gate_add_norm_modulate_bf16_37, 3, 5,
                      37);
  gateAddNormModulate("row 2x3x1152", dit_gate_add_norm_modulate_bf16_1152, 2,
                      3, 1152);
}
