// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kernels/matmul_sm90.cu against double loops.
#include "Check.h"
#include <cmath>

using namespace check;

struct alignas(64) TensorMap {
  unsigned long long opaque[16];
};
using Kernel = void(TensorMap, TensorMap, const float *, Bf16 *, int);
extern "C" Kernel dit_linear_gelu_bf16_264x40,
    dit_linear_gelu_cluster_bf16_264x40;

constexpr int kDepth = 264, kWidth = 40;

/// A launch of tiles of 64 rows a consumer and `columns` columns, two stages.
static void linearGelu(const std::string &name, Kernel *kernel, int tokens,
                       unsigned columns, unsigned consumers, unsigned blocks) {
  if (!wanted(name))
    return;
  const auto a = randomBf16("a", tokens * kDepth, 1);
  const auto w = randomBf16("w", kWidth * kDepth, 2, 0.06);
  const auto bias = randomFloats("bias", kWidth, 3);
  Buffer<Bf16> out("out", tokens * kWidth);

  std::vector<double> want(out.size());
  for (int m = 0; m < tokens; ++m)
    for (int n = 0; n < kWidth; ++n) {
      double y = bias[n];
      for (int k = 0; k < kDepth; ++k)
        y += a[m * kDepth + k] * w[n * kDepth + k];
      const double u = std::sqrt(2 / M_PI) * (y + 0.044715 * y * y * y);
      want[m * kWidth + n] = 0.5 * y * (1 + std::tanh(u));
    }

  const unsigned rows = 64 * consumers;
  TensorMap mapA, mapW;
  simt::encodeTensorMap(&mapA, a.data(), kDepth, tokens, kDepth * 2, 64, rows,
                        128);
  simt::encodeTensorMap(&mapW, w.data(), kDepth, kWidth, kDepth * 2, 64,
                        columns / blocks, 128);
  unsigned tiles = (tokens + rows - 1) / rows;
  tiles = (tiles + blocks - 1) / blocks * blocks;
  Case test(name);
  test.expect(out, want, 4e-3);
  test.run(
      {{(kWidth + columns - 1) / columns, tiles},
       {128 * (1 + consumers)},
       2 * ((rows + columns) * 128 + 16),
       {1, blocks}},
      [&] { out.clear(); },
      [&] { kernel(mapA, mapW, bias.data(), out.data(), tokens); });
}

int main(int argc, char **argv) {
  begin(argc, argv);
  linearGelu("matmul_sm90 70x264x40", dit_linear_gelu_bf16_264x40, 70, 24, 1,
             1);
  linearGelu("matmul_sm90 133x264x40, clusters of two",
             dit_linear_gelu_cluster_bf16_264x40, 133, 32, 2, 2);
}
