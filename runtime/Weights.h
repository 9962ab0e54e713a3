// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where a model's weights come from: a checkpoint, or a seed.
#ifndef DIT_RUNTIME_WEIGHTS_H
#define DIT_RUNTIME_WEIGHTS_H

#include "runtime/Checkpoint.h"
#include "runtime/Manifest.h"

#include <cstdint>
#include <memory>
#include <string>

namespace dit::runtime {

/// Hands out the tensors of manifest.weights, by index, to an artifact's
/// `prepare`, which nothing may throw through.
class WeightSource {
public:
  virtual ~WeightSource() = default;
  /// The tensor as float32, row-major; null for an index out of range.
  virtual const float *read(int32_t index) noexcept = 0;
  /// The tensor will not be read again; its memory goes back to the system.
  virtual void release(int32_t index) noexcept = 0;
  /// Throws the error of a read that failed; what read() gave then is not the
  /// weights.
  virtual void check() const {}
  /// The same for the same tensors, wherever they are stored; empty where the
  /// seed says it.
  virtual std::string identity() const { return ""; }
};

/// The weights in the file or diffusers folder at `path`, or in a part of it,
/// `path#key`. Throws one Error of all that is not as the manifest has it
/// (WeightMatch.h).
std::unique_ptr<WeightSource>
openWeights(const std::string &path, const Manifest &manifest,
            const CheckpointOptions &options = {});

/// The weights of runtime/SeededWeights.h: matrices keep the size of what flows
/// through them, no tensor is zero, and the same seed gives the same bits.
std::unique_ptr<WeightSource> randomWeights(uint64_t seed,
                                            const Manifest &manifest);

} // namespace dit::runtime

#endif // DIT_RUNTIME_WEIGHTS_H
