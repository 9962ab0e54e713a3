// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The noise of PyTorch's CPU generator, in the order in which the published
// sampling script draws it.
#ifndef DIT_RUNTIME_SAMPLING_TORCHCPUNOISE_H
#define DIT_RUNTIME_SAMPLING_TORCHCPUNOISE_H

#include "runtime/sampling/Noise.h"

#include <mutex>
#include <optional>
#include <random>
#include <vector>

namespace dit::runtime {

/// torch.Generator on a CPU with AVX2 or AVX-512, after manual_seed. Of the
/// seed it takes the low 32 bits, as torch does.
class TorchCpuGenerator {
public:
  explicit TorchCpuGenerator(uint64_t seed)
      : engine(static_cast<uint32_t>(seed)) {}
  /// torch.randn(count) in float32: the first out.size() of its values, and the
  /// generator as it is after all of them. The same bits as torch 2.15.
  void randn(int64_t count, std::span<float> out);

private:
  void randnOfFew(int64_t count, std::span<float> out);
  float uniform();
  double uniformDouble();

  std::mt19937 engine;
  std::optional<double> spare; ///< the second value of a pair, of few
};

/// The stream of the published script: the initial noise of n samples, then at
/// every step, the last too, noise of 2n samples when there is guidance (the
/// unconditional half's is drawn and left unused) and of n when there is none.
/// All samples of the request are one batch of the script.
class TorchCpuNoise : public Noise {
public:
  explicit TorchCpuNoise(const NoiseSettings &settings);
  void normal(int64_t sample, int64_t step, int64_t first,
              std::span<float> out) const override;
  int64_t bytes(int64_t steps) const override;

private:
  void draw(int64_t step) const;
  int64_t drawnAt(int64_t step) const;

  NoiseSettings settings;
  // The noise of one step, made when it is first asked for, and the generator
  // before each step, because batches are taken through the steps in turn.
  mutable std::mutex turn;
  mutable std::vector<TorchCpuGenerator> before; ///< [step + 1]
  mutable std::optional<int64_t> drawnStep;
  mutable std::vector<float> drawn; ///< (samples, floats)
};

} // namespace dit::runtime

#endif // DIT_RUNTIME_SAMPLING_TORCHCPUNOISE_H
