// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Normal noise. Our own is a function of (seed, sample, step, element): the
// same bits on every machine, for every batch and thread count.
#ifndef DIT_RUNTIME_SAMPLING_NOISE_H
#define DIT_RUNTIME_SAMPLING_NOISE_H

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace dit::runtime {

/// A source of noise; its function may be called from several threads.
class Noise {
public:
  virtual ~Noise() = default;
  /// The state a sample starts from.
  static constexpr int64_t initial = -1;
  /// Standard normal values of elements [first, first + out.size()) of `sample`
  /// at `step` (`initial`, or the number of the evaluation).
  virtual void normal(int64_t sample, int64_t step, int64_t first,
                      std::span<float> out) const = 0;
  /// Bytes that it keeps at most, for `steps` steps.
  virtual int64_t bytes([[maybe_unused]] int64_t steps) const { return 0; }
};

/// What a source of noise is made from.
struct NoiseSettings {
  uint64_t seed = 0;
  int64_t samples = 0; ///< of the whole request
  int64_t floats = 0;  ///< of one sample
  bool guided = false; ///< at any step: torch's stream then has 2n samples
};

struct NoiseEntry {
  const char *name;
  const char *summary;
  std::unique_ptr<Noise> (*make)(const NoiseSettings &settings);
};

/// All sources of noise, by name.
std::span<const NoiseEntry> noises();

/// Throws a FlagError that lists the names when there is no such source.
std::unique_ptr<Noise> makeNoise(const std::string &name,
                                 const NoiseSettings &settings);

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

#endif // DIT_RUNTIME_SAMPLING_NOISE_H
