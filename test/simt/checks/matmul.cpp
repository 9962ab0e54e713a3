// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kernels/matmul.cu against double loops.
#include "Check.h"
#include <cmath>

using namespace check;

extern "C" void dit_linear_gate_add_bf16_88x40(float *, const Bf16 *,
                                               const Bf16 *, const float *,
                                               const float *, int);
extern "C" void dit_linear_gelu_bf16_88x40(const Bf16 *, const Bf16 *,
                                           const float *, Bf16 *, int);

using NormLinear = void(const float *, const Bf16 *, const float *, float *,
                        int);
extern "C" NormLinear dit_layer_norm_linear_bf16_56x101;
extern "C" NormLinear dit_layer_norm_linear_bf16_1288x101;

constexpr int kTokens = 37, kPerSample = 13, kDepth = 88, kWidth = 40;
// 32 x 32 tiles, 16 deep, three stages, two warps.
static const simt::LaunchShape kShape{
    {(kWidth + 31) / 32, (kTokens + 31) / 32}, {64}, 3 * 64 * 24 * 2};

/// The nearest bf16; no case is a tie.
static double rounded(double x) {
  const float f = x;
  uint32_t bits;
  memcpy(&bits, &f, 4);
  return value(Bf16{uint16_t((bits + 0x8000) >> 16)});
}

/// Rows that the kernel makes itself: normalised, rounded, multiplied.
static void normalisedRows(int depth, NormLinear *kernel) {
  constexpr int kWidth = 101;
  const auto x = randomFloats("x", kTokens * depth, 6);
  const auto w = randomBf16("w", kWidth * depth, 7, 0.1);
  const auto bias = randomFloats("bias", kWidth, 8);
  Buffer<float> out("out", kTokens * kWidth);
  std::vector<double> want(out.size());
  for (int m = 0; m < kTokens; ++m) {
    double mean = 0, variance = 1e-6;
    for (int k = 0; k < depth; ++k)
      mean += x[m * depth + k] / depth;
    for (int k = 0; k < depth; ++k)
      variance += std::pow(x[m * depth + k] - mean, 2) / depth;
    for (int n = 0; n < kWidth; ++n) {
      want[m * kWidth + n] = bias[n];
      for (int k = 0; k < depth; ++k)
        want[m * kWidth + n] +=
            w[n * depth + k] *
            rounded((x[m * depth + k] - mean) / std::sqrt(variance));
    }
  }
  // 32 x 32 tiles, 16 deep, three stages, two warps; rows of whole steps
  // and a pad.
  const simt::LaunchShape shape{
      {2, (kTokens + 31) / 32},
      {64},
      size_t(32 * ((depth + 15) / 16 * 16 + 8) + 3 * 32 * 24) * 2};
  Case rows("matmul 37x" + std::to_string(depth) + "x101, layer norm");
  rows.expect(out, want, 2e-6);
  rows.run(
      shape, [&] { out.clear(); },
      [&] { kernel(x.data(), w.data(), bias.data(), out.data(), kTokens); });
}

int main(int argc, char **argv) {
  begin(argc, argv);
  normalisedRows(56, dit_layer_norm_linear_bf16_56x101);
  normalisedRows(1288, dit_layer_norm_linear_bf16_1288x101);
  const auto a = randomBf16("a", kTokens * kDepth, 1);
  const auto w = randomBf16("w", kWidth * kDepth, 2, 0.1);
  const auto bias = randomFloats("bias", kWidth, 3);
  const auto gate = randomFloats("gate", 3 * kWidth, 4);
  auto x = randomFloats("x", kTokens * kWidth, 5);
  const auto x0 = x.copy();
  Buffer<Bf16> out("out", kTokens * kWidth);

  std::vector<double> stream(x.size()), activated(out.size());
  for (int m = 0; m < kTokens; ++m)
    for (int n = 0; n < kWidth; ++n) {
      double y = bias[n];
      for (int k = 0; k < kDepth; ++k)
        y += a[m * kDepth + k] * w[n * kDepth + k];
      stream[m * kWidth + n] =
          x[m * kWidth + n] + gate[m / kPerSample * kWidth + n] * y;
      const double u = std::sqrt(2 / M_PI) * (y + 0.044715 * y * y * y);
      activated[m * kWidth + n] = 0.5 * y * (1 + std::tanh(u));
    }

  Case gateAdd("matmul 37x88x40, gate and add");
  gateAdd.expect(x, stream, 2e-6);
  gateAdd.run(
      kShape, [&] { x.assign(x0); },
      [&] {
        dit_linear_gate_add_bf16_88x40(x.data(), a.data(), w.data(),
                                       bias.data(), gate.data(), kTokens);
      });
  Case gelu("matmul 37x88x40, gelu");
  gelu.expect(out, activated, 4e-3);
  gelu.run(
      kShape, [&] { out.clear(); },
      [&] {
        dit_linear_gelu_bf16_88x40(a.data(), w.data(), bias.data(), out.data(),
                                   kTokens);
      });
}
