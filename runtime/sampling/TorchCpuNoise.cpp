// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// PyTorch's normal_ on a CPU. Below 16 values it is a Box-Muller transform in
// double; from 16 on one in float32, eight pairs at a time, with the
// polynomials of the Cephes library, whose fused operations are written out
// here.
#include "runtime/sampling/TorchCpuNoise.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>

namespace dit::runtime {
namespace {

/// ln(x) for normal x in (0, 1].
float logarithm(float x) {
  auto bits = std::bit_cast<uint32_t>(x);
  auto e = static_cast<float>(static_cast<int32_t>(bits >> 23) - 126);
  float f = std::bit_cast<float>((bits & 0x007FFFFF) | 0x3F000000); // [1/2, 1)
  bool isLow = f < 0.707106781186547524f;
  f = (f - 1) + (isLow ? f : 0);
  e -= isLow ? 1.0f : 0.0f;
  float f2 = f * f;
  float y = 7.0376836292e-2f;
  for (float c : {-1.1514610310e-1f, 1.1676998740e-1f, -1.2420140846e-1f,
                  1.4249322787e-1f, -1.6668057665e-1f, 2.0000714765e-1f,
                  -2.4999993993e-1f, 3.3333331174e-1f})
    y = std::fma(y, f, c);
  // ln(2) in two parts, of which the first has few digits.
  y = std::fma(y * f, f2, e * -2.12194440e-4f);
  y -= f2 * 0.5f;
  return (f + y) + e * 0.693359375f;
}

struct Turn {
  float sine, cosine;
};

/// Of an angle in [0, 2 pi).
Turn sineCosine(float angle) {
  constexpr float fourOverPi = 1.27323954473516f;
  int octant = (static_cast<int>(angle * fourOverPi) + 1) & ~1;
  auto turns = static_cast<float>(octant);
  // pi/4 in three parts.
  float a = angle;
  for (float part :
       {-0.78515625f, -2.4187564849853515625e-4f, -3.77489497744594108e-8f})
    a = std::fma(turns, part, a);
  float a2 = a * a;
  float cosine = std::fma(2.443315711809948e-5f, a2, -1.388731625493765e-3f);
  cosine = std::fma(cosine, a2, 4.166664568298827e-2f) * a2;
  cosine = std::fma(cosine, a2, -(a2 * 0.5f)) + 1;
  float sine = std::fma(-1.9515295891e-4f, a2, 8.3321608736e-3f);
  sine = std::fma(sine, a2, -1.6666654611e-1f) * a2;
  sine = std::fma(sine, a, a);
  if (octant & 2)
    std::swap(sine, cosine);
  return {octant & 4 ? -sine : sine, (octant - 2) & 4 ? cosine : -cosine};
}

/// Uniform values to normal ones: value i and i + 8 are a pair.
void transform16(float *values) {
  constexpr auto twoPi = static_cast<float>(2 * std::numbers::pi);
  for (int i = 0; i < 8; ++i) {
    float radius = std::sqrt(-2 * logarithm(1 - values[i]));
    Turn turn = sineCosine(twoPi * values[i + 8]);
    values[i] = radius * turn.cosine;
    values[i + 8] = radius * turn.sine;
  }
}

} // namespace

float TorchCpuGenerator::uniform() {
  return static_cast<float>(engine() & 0xFFFFFF) * 0x1p-24f;
}

double TorchCpuGenerator::uniformDouble() {
  uint64_t high = engine(), low = engine();
  return static_cast<double>((high << 32 | low) & ((uint64_t{1} << 53) - 1)) *
         0x1p-53;
}

void TorchCpuGenerator::randn(int64_t count, std::span<float> out) {
  if (count < 16)
    return randnOfFew(count, out);
  std::vector<float> values(count);
  for (float &v : values)
    v = uniform();
  auto wanted = static_cast<int64_t>(out.size());
  for (int64_t i = 0; i + 16 <= count && i < wanted; i += 16)
    transform16(values.data() + i);
  // What does not fill sixteen: the last sixteen are drawn anew.
  if (count % 16 != 0) {
    float *last = values.data() + count - 16;
    for (int i = 0; i < 16; ++i)
      last[i] = uniform();
    transform16(last);
  }
  std::copy_n(values.begin(), wanted, out.begin());
}

/// The spare value outlives the call, and calls for many values.
void TorchCpuGenerator::randnOfFew(int64_t count, std::span<float> out) {
  for (int64_t i = 0; i < count; ++i) {
    double value;
    if (spare) {
      value = *spare;
      spare.reset();
    } else {
      double u1 = uniformDouble(), u2 = uniformDouble();
      double radius = std::sqrt(-2 * std::log1p(-u2));
      double angle = 2 * std::numbers::pi * u1;
      spare = radius * std::sin(angle);
      value = radius * std::cos(angle);
    }
    if (i < static_cast<int64_t>(out.size()))
      out[i] = static_cast<float>(value);
  }
}

TorchCpuNoise::TorchCpuNoise(const NoiseSettings &settings)
    : settings(settings), before{TorchCpuGenerator(settings.seed)},
      drawn(settings.samples * settings.floats) {}

int64_t TorchCpuNoise::drawnAt(int64_t step) const {
  int64_t n = settings.samples * settings.floats;
  return settings.guided && step != initial ? 2 * n : n;
}

int64_t TorchCpuNoise::bytes(int64_t steps) const {
  int64_t n = settings.samples * settings.floats;
  return n * 4 * (settings.guided ? 3 : 2) +
         (steps + 2) * static_cast<int64_t>(sizeof(TorchCpuGenerator));
}

void TorchCpuNoise::draw(int64_t step) const {
  while (static_cast<int64_t>(before.size()) <= step + 1) {
    TorchCpuGenerator next = before.back();
    next.randn(drawnAt(static_cast<int64_t>(before.size()) - 2), {});
    before.push_back(next);
  }
  TorchCpuGenerator generator = before[step + 1];
  generator.randn(drawnAt(step), drawn);
  if (static_cast<int64_t>(before.size()) == step + 2)
    before.push_back(generator);
  drawnStep = step;
}

void TorchCpuNoise::normal(int64_t sample, int64_t step, int64_t first,
                           std::span<float> out) const {
  std::lock_guard lock(turn);
  if (drawnStep != step)
    draw(step);
  std::copy_n(drawn.begin() + sample * settings.floats + first, out.size(),
              out.begin());
}

} // namespace dit::runtime
