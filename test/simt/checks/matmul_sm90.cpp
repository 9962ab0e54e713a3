// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kernels/matmul_sm90.cu against double loops.
#include "Check.h"
#include <cmath>

using namespace check;

struct alignas(64) TensorMap {
  unsigned long long opaque[16];
};
using LinearGelu = void(TensorMap, TensorMap, const float *, Bf16 *, int);
using NormLinearGelu = void(const float *, const float *, const float *,
                            TensorMap, const float *, Bf16 *, int);
extern "C" LinearGelu dit_linear_gelu_bf16_264x40,
    dit_linear_gelu_cluster_bf16_264x40;
extern "C" NormLinearGelu dit_norm_linear_gelu_bf16_136x68,
    dit_norm_linear_gelu_cluster_bf16_136x68;
extern "C" void dit_linear_gate_add_f32_264x88(TensorMap, TensorMap,
                                               const float *, const float *,
                                               const float *, float *, int);

namespace {

/// A block's tile and the cluster it is in.
struct Tile {
  unsigned columns, consumers, stages, down, across, tiles;
  unsigned rows() const { return 64 * consumers; }
};

unsigned tiles(unsigned count, unsigned size) {
  return (count + size - 1) / size;
}

simt::LaunchShape shapeOf(const Tile &tile, unsigned width, unsigned tokens,
                          unsigned bytesOfX, unsigned rowBytes) {
  simt::LaunchShape shape;
  shape.grid = {tiles(width, tile.columns * tile.tiles * tile.across) *
                    tile.across,
                tile.down, tiles(tokens, tile.rows() * tile.down)};
  shape.block = {128 * (1 + tile.consumers)};
  shape.cluster = {tile.across, tile.down};
  shape.sharedBytes =
      rowBytes + tile.stages * (bytesOfX + tile.columns * 128 + 16);
  return shape;
}

TensorMap mapOf(const Buffer<Bf16> &matrix, unsigned depth, unsigned boxRows) {
  TensorMap map;
  simt::encodeTensorMap(&map, matrix.data(), depth, matrix.size() / depth,
                        depth * 2, 64, boxRows, 128);
  return map;
}

double gelu(double y) {
  const double u = std::sqrt(2 / M_PI) * (y + 0.044715 * y * y * y);
  return 0.5 * y * (1 + std::tanh(u));
}

/// x w^T + bias; x and w of `depth` columns.
template <class X>
std::vector<double> linear(const X &x, const Buffer<Bf16> &w,
                           const Buffer<float> &bias, int depth) {
  const int width = bias.size(), tokens = x.size() / depth;
  std::vector<double> y(tokens * width);
  for (int m = 0; m < tokens; ++m)
    for (int n = 0; n < width; ++n) {
      double sum = bias[n];
      for (int k = 0; k < depth; ++k)
        sum += x[m * depth + k] * w[n * depth + k];
      y[m * width + n] = sum;
    }
  return y;
}

void linearGelu(const std::string &name, LinearGelu *kernel, int tokens,
                const Tile &tile) {
  if (!wanted(name))
    return;
  constexpr int kDepth = 264, kWidth = 40;
  const auto x = randomBf16("x", tokens * kDepth, 1);
  const auto w = randomBf16("w", kWidth * kDepth, 2, 0.06);
  const auto bias = randomFloats("bias", kWidth, 3);
  Buffer<Bf16> out("out", tokens * kWidth);
  auto want = linear(x, w, bias, kDepth);
  for (double &y : want)
    y = gelu(y);

  const TensorMap mapX = mapOf(x, kDepth, tile.rows() / tile.across);
  const TensorMap mapW = mapOf(w, kDepth, tile.columns / tile.down);
  Case test(name);
  test.expect(out, want, 4e-3);
  test.run(
      shapeOf(tile, kWidth, tokens, tile.rows() * 128, 0), [&] { out.clear(); },
      [&] { kernel(mapX, mapW, bias.data(), out.data(), tokens); });
}

/// Rows as the kernel is to make them, rounded to bf16.
std::vector<double> normalised(const Buffer<float> &x,
                               const Buffer<float> &scale,
                               const Buffer<float> &shift) {
  const int depth = scale.size();
  std::vector<double> y(x.size());
  for (size_t m = 0; m < x.size(); m += depth) {
    double mean = 0, variance = 0;
    for (int k = 0; k < depth; ++k)
      mean += x[m + k] / depth;
    for (int k = 0; k < depth; ++k)
      variance += std::pow(x[m + k] - mean, 2) / depth;
    for (int k = 0; k < depth; ++k) {
      const float value =
          (x[m + k] - mean) / std::sqrt(variance + 1e-6) * (1 + scale[k]) +
          shift[k];
      uint32_t bits;
      memcpy(&bits, &value, 4);
      bits += 0x7fff + (bits >> 16 & 1);
      y[m + k] = check::value(Bf16{uint16_t(bits >> 16)});
    }
  }
  return y;
}

void normLinearGelu(const std::string &name, NormLinearGelu *kernel, int tokens,
                    const Tile &tile) {
  if (!wanted(name))
    return;
  constexpr int kDepth = 136, kWidth = 68;
  const auto x = randomFloats("x", tokens * kDepth, 1);
  const auto scale = randomFloats("scale", kDepth, 4, 0.3);
  const auto shift = randomFloats("shift", kDepth, 5, 0.3);
  const auto w = randomBf16("w", kWidth * kDepth, 2, 0.08);
  const auto bias = randomFloats("bias", kWidth, 3);
  Buffer<Bf16> out("out", tokens * kWidth);
  auto want = linear(normalised(x, scale, shift), w, bias, kDepth);
  for (double &y : want)
    y = gelu(y);

  const TensorMap mapW = mapOf(w, kDepth, tile.columns / tile.down);
  const unsigned steps = tiles(kDepth, 64);
  Case test(name);
  test.expect(out, want, 4e-3);
  test.run(
      shapeOf(tile, kWidth, tokens, 0, steps * tile.rows() * 128),
      [&] { out.clear(); },
      [&] {
        kernel(x.data(), scale.data(), shift.data(), mapW, bias.data(),
               out.data(), tokens);
      });
}

void linearGateAdd(const std::string &name, int tokens, const Tile &tile) {
  if (!wanted(name))
    return;
  constexpr int kDepth = 264, kWidth = 88;
  const auto x = randomBf16("x", tokens * kDepth, 1);
  const auto w = randomBf16("w", kWidth * kDepth, 2, 0.06);
  const auto bias = randomFloats("bias", kWidth, 3);
  const auto gate = randomFloats("gate", kWidth, 4);
  const auto residual = randomFloats("residual", tokens * kWidth, 5);
  Buffer<float> out("out", tokens * kWidth);
  auto want = linear(x, w, bias, kDepth);
  for (size_t i = 0; i < want.size(); ++i)
    want[i] = residual[i] + gate[i % kWidth] * want[i];

  const TensorMap mapX = mapOf(x, kDepth, tile.rows() / tile.across);
  const TensorMap mapW = mapOf(w, kDepth, tile.columns / tile.down);
  Case test(name);
  test.expect(out, want, 1e-5);
  test.run(
      shapeOf(tile, kWidth, tokens, tile.rows() * 128, 0), [&] { out.clear(); },
      [&] {
        dit_linear_gate_add_f32_264x88(mapX, mapW, bias.data(), gate.data(),
                                       residual.data(), out.data(), tokens);
      });
}

} // namespace

int main(int argc, char **argv) {
  begin(argc, argv);
  linearGelu("matmul_sm90 70x264x40", dit_linear_gelu_bf16_264x40, 70,
             {24, 1, 2, 1, 1, 1});
  linearGelu("matmul_sm90 133x264x40, clusters of 2 x 2",
             dit_linear_gelu_cluster_bf16_264x40, 133, {32, 2, 2, 2, 2, 1});
  linearGateAdd("matmul_sm90 70x264x88, gate and residual", 70,
                {40, 1, 3, 1, 2, 1});
  normLinearGelu("matmul_sm90 70x136x68, rows",
                 dit_norm_linear_gelu_bf16_136x68, 70, {24, 1, 2, 1, 1, 2});
  normLinearGelu("matmul_sm90 133x136x68, rows, clusters of 2",
                 dit_norm_linear_gelu_cluster_bf16_136x68, 133,
                 {16, 2, 2, 2, 1, 2});
}
