// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Counter-based: element i depends on (seed, name, i) alone.
#include "runtime/SeededWeights.h"

#include <cmath>

namespace dit::runtime {

static uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

static uint64_t fnv1a64(std::string_view name) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (unsigned char c : name)
    hash = (hash ^ c) * 0x100000001b3u;
  return hash;
}

void fillUniform(std::string_view name, uint64_t seed,
                 std::span<float> values) {
  uint64_t key = mix(fnv1a64(name) + mix(seed));
  for (size_t i = 0; i < values.size(); ++i) {
    int64_t k = mix(key + (i + 1) * 0x9e3779b97f4a7c15u) >> 40;
    values[i] = static_cast<float>(2 * k + 1 - (1 << 24)) * 0x1p-24f;
  }
}

void fillSeeded(std::string_view name, std::span<const int64_t> shape,
                uint64_t seed, std::span<float> values) {
  fillUniform(name, seed, values);
  float scale = 0.2f, base = 0.0f;
  if (shape.size() >= 2)
    scale = static_cast<float>(
        std::sqrt(3.0 / static_cast<double>(values.size() / shape[0])));
  else if (name.ends_with("weight"))
    base = 1.0f;
  for (float &value : values) {
    float scaled =
        value * scale; // two roundings: the folder forbids contraction
    value = base + scaled;
  }
}

} // namespace dit::runtime
