// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What must hold between the keys of a spec.
#ifndef DIT_COMPILER_SPECCHECKS_H
#define DIT_COMPILER_SPECCHECKS_H

#include "compiler/Spec.h"

namespace dit {

/// The most bytes of float32 weights a model may have: 256 GiB.
inline constexpr double kMaxWeightBytes = 256.0 * (1ull << 30);
/// The most tokens of one sample.
inline constexpr int64_t kMaxTokens = 1 << 16;
/// The most bytes that three values as large as the largest of one sample may
/// take: 64 GiB.
inline constexpr double kMaxSampleBytes = 64.0 * (1ull << 30);

/// Diagnoses all that does not fit together. Keys that could not be read are 0
/// (sizes) or have their default, and what depends on them is not checked.
mlir::LogicalResult checkSpec(const Spec &spec);

/// Builds the network, at the spec's size and at its resolutions, and diagnoses
/// what does not fit; `spec` learns what building tells.
mlir::LogicalResult checkNetwork(Spec &spec);

/// Why a model that is right at its own size cannot be of `size`: a sentence,
/// empty where it can.
std::string whyNotAt(const Spec &spec, Resolution size);

} // namespace dit

#endif // DIT_COMPILER_SPECCHECKS_H
