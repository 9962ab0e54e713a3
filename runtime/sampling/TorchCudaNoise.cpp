// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// PyTorch's normal_ on a GPU: Philox4x32-10 with the thread as its subsequence,
// and cuRAND's Box-Muller transform.
#include "runtime/sampling/TorchCudaNoise.h"

#include <algorithm>
#include <cmath>

namespace dit::runtime {
namespace {

constexpr int64_t kBlockThreads = 256, kMostBlocks = 132 * (2048 / 256);

/// Words 2 p and 2 p + 1 of a Philox block give values 2 p (sine) and 2 p + 1.
float boxMuller(uint32_t first, uint32_t second, bool isSine) {
  constexpr float ofUniform = 0x1p-32f, ofAngle = 0x1p-32f * 6.2831855f;
  float uniform = std::fma(static_cast<float>(first), ofUniform, ofUniform / 2);
  float angle = std::fma(static_cast<float>(second), ofAngle, ofAngle / 2);
  // Of a float in double, so that machines agree.
  double radius = std::sqrt(-2 * std::log(static_cast<double>(uniform)));
  double turn = isSine ? std::sin(static_cast<double>(angle))
                       : std::cos(static_cast<double>(angle));
  return static_cast<float>(radius * turn);
}

} // namespace

TorchCudaDraw::TorchCudaDraw(int64_t count)
    : threads(kBlockThreads *
              std::clamp<int64_t>((count + kBlockThreads - 1) / kBlockThreads,
                                  1, kMostBlocks)),
      blocks((std::max<int64_t>(count, 1) - 1) / (4 * threads) + 1) {}

float torchCudaNormal(uint64_t seed, int64_t offset, const TorchCudaDraw &draw,
                      int64_t i) {
  int64_t thread = i % draw.threads, number = i / draw.threads;
  auto block = static_cast<uint64_t>(offset + number / 4);
  std::array<uint32_t, 4> words =
      philox({static_cast<uint32_t>(block), static_cast<uint32_t>(block >> 32),
              static_cast<uint32_t>(thread), 0},
             seed);
  int64_t pair = number % 4 / 2;
  return boxMuller(words[2 * pair], words[2 * pair + 1], number % 2 == 0);
}

TorchCudaNoise::TorchCudaNoise(const NoiseSettings &settings)
    : settings(settings), initialDraw(settings.samples * settings.floats),
      stepDraw(settings.samples * settings.floats * (settings.guided ? 2 : 1)) {
}

void TorchCudaNoise::normal(int64_t sample, int64_t step, int64_t first,
                            std::span<float> out) const {
  bool isInitial = step == initial;
  int64_t offset = isInitial ? 0 : initialDraw.blocks + step * stepDraw.blocks;
  int64_t begin = sample * settings.floats + first;
  for (size_t k = 0; k < out.size(); ++k)
    out[k] = torchCudaNormal(settings.seed, offset,
                             isInitial ? initialDraw : stepDraw,
                             begin + static_cast<int64_t>(k));
}

} // namespace dit::runtime
