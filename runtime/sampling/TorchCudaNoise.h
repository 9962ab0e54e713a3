// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The noise of PyTorch's CUDA generator, in the order in which the published
// sampling script draws it.
#ifndef DIT_RUNTIME_SAMPLING_TORCHCUDANOISE_H
#define DIT_RUNTIME_SAMPLING_TORCHCUDANOISE_H

#include "runtime/sampling/Noise.h"

namespace dit::runtime {

/// How torch spreads the values of one torch.randn(count) on a GPU over
/// threads, each with a Philox stream of its own that is read four at a time:
/// value i is number i / threads of thread i % threads.
struct TorchCudaDraw {
  int64_t threads; ///< of the kernel
  int64_t blocks;  ///< of four words, that each thread's stream moves on

  /// Of a GPU with 132 multiprocessors of 2048 threads, as an H100 has. Up to
  /// 221,184 values every GPU with at least 108 of them, as an A100 has, draws
  /// alike.
  explicit TorchCudaDraw(int64_t count);
};

/// Value `i` of torch.randn(count, device="cuda") in float32, `offset` blocks
/// into the streams of manual_seed(seed). The GPU's own approximations of sine
/// and cosine differ from the ones here by up to 1e-6.
float torchCudaNormal(uint64_t seed, int64_t offset, const TorchCudaDraw &draw,
                      int64_t i);

/// The stream of the published script, as TorchCpuNoise says.
class TorchCudaNoise : public Noise {
public:
  explicit TorchCudaNoise(const NoiseSettings &settings);
  void normal(int64_t sample, int64_t step, int64_t first,
              std::span<float> out) const override;

private:
  NoiseSettings settings;
  TorchCudaDraw initialDraw, stepDraw;
};

} // namespace dit::runtime

#endif // DIT_RUNTIME_SAMPLING_TORCHCUDANOISE_H
