// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Normal noise that is a function of (seed, sample, step, element): the same
// bits on every machine, for every batch and thread count.
#ifndef DIT_RUNTIME_NOISE_H
#define DIT_RUNTIME_NOISE_H

#include <array>
#include <cstdint>
#include <span>

namespace dit::runtime {

/// A source of noise. Other generators (torch's, say) implement the same.
class Noise {
public:
  virtual ~Noise() = default;
  /// The state a sample starts from.
  static constexpr int64_t initial = -1;
  /// Standard normal values of elements [first, first + out.size()) of `sample`
  /// at `step` (`initial`, or the number of the evaluation).
  virtual void normal(int64_t sample, int64_t step, int64_t first,
                      std::span<float> out) const = 0;
};

/// Philox4x32-10 (Salmon et al., 2011): four random words for a counter.
std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter, uint64_t key);

/// Philox and the Box-Muller transform with logarithm, sine and cosine of our
/// own, in IEEE double without contraction: no libm, hence no differences.
class CounterNoise : public Noise {
public:
  explicit CounterNoise(uint64_t seed) : seed(seed) {}
  void normal(int64_t sample, int64_t step, int64_t first,
              std::span<float> out) const override;

private:
  uint64_t seed;
};

} // namespace dit::runtime

#endif // DIT_RUNTIME_NOISE_H
