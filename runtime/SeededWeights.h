// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Weights made from a seed, bit for bit the same here and in
// test/golden/seeded_weights.py, so that a golden of a large model needs no
// file.
#ifndef DIT_RUNTIME_SEEDEDWEIGHTS_H
#define DIT_RUNTIME_SEEDEDWEIGHTS_H

#include <cstdint>
#include <span>
#include <string_view>

namespace dit::runtime {

/// The formula, all integers modulo 2^64:
///
///     mix(z)  the finaliser of SplitMix64: z ^= z >> 30, z *=
///     0xbf58476d1ce4e5b9,
///             z ^= z >> 27, z *= 0x94d049bb133111eb, z ^= z >> 31
///     key   = mix(fnv1a64(name) + mix(seed))
///     k_i   = mix(key + (i + 1) * 0x9e3779b97f4a7c15) >> 40          24 bits
///     u_i   = (2 k_i + 1 - 2^24) / 2^24                in (-1, 1), exact in
///     float32
///
/// and, each operation rounded to float32:
///
///     rank 2 and more        u_i * float32(sqrt(3 / fan_in)), fan_in =
///     elements / shape[0] rank 1, "...weight"    1 + u_i * 0.2f else u_i *
///     0.2f
///
/// Matrices have variance 1 / fan_in and so keep the size of what flows through
/// them. No tensor is zero, the adaLN projections included: all of them matter.
void fillSeeded(std::string_view name, std::span<const int64_t> shape,
                uint64_t seed, std::span<float> values);

/// u_i for i = 0, 1, ...: for inputs rather than weights.
void fillUniform(std::string_view name, uint64_t seed, std::span<float> values);

} // namespace dit::runtime

#endif // DIT_RUNTIME_SEEDEDWEIGHTS_H
