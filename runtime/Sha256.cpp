// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// SHA-256; its constants are computed from the primes that define them.
#include "runtime/Sha256.h"

#include <fmt/core.h>

#include <array>
#include <bit>
#include <cstdint>

namespace dit::runtime {
namespace {

using Words = std::array<uint32_t, 8>;

/// The first 32 fractional bits of the cube roots of the first 64 primes.
constexpr std::array<uint32_t, 64> roundConstants = [] {
  std::array<uint32_t, 64> constants{};
  size_t found = 0;
  for (uint32_t n = 2; found < 64; ++n) {
    bool prime = true;
    for (uint32_t d = 2; d * d <= n; ++d)
      prime = prime && n % d != 0;
    if (!prime)
      continue;
    // The largest r with r^3 <= n 2^96, bit by bit; r < 7 * 2^32.
    unsigned __int128 r = 0, limit = static_cast<unsigned __int128>(n) << 96;
    for (int bit = 34; bit >= 0; --bit) {
      unsigned __int128 larger = r | static_cast<unsigned __int128>(1) << bit;
      if (larger * larger * larger <= limit)
        r = larger;
    }
    constants[found++] = static_cast<uint32_t>(r);
  }
  return constants;
}();

void addBlock(Words &hash, const uint8_t *block) {
  std::array<uint32_t, 64> w;
  for (size_t i = 0; i < 16; ++i)
    w[i] = static_cast<uint32_t>(block[4 * i]) << 24 |
           static_cast<uint32_t>(block[4 * i + 1]) << 16 |
           static_cast<uint32_t>(block[4 * i + 2]) << 8 | block[4 * i + 3];
  for (size_t i = 16; i < 64; ++i) {
    uint32_t a = w[i - 15], b = w[i - 2];
    w[i] = w[i - 16] + (std::rotr(a, 7) ^ std::rotr(a, 18) ^ (a >> 3)) +
           w[i - 7] + (std::rotr(b, 17) ^ std::rotr(b, 19) ^ (b >> 10));
  }
  auto [a, b, c, d, e, f, g, h] = hash;
  for (size_t i = 0; i < 64; ++i) {
    uint32_t first = h +
                     (std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25)) +
                     ((e & f) ^ (~e & g)) + roundConstants[i] + w[i];
    uint32_t second = (std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22)) +
                      ((a & b) ^ (a & c) ^ (b & c));
    h = g;
    g = f;
    f = e;
    e = d + first;
    d = c;
    c = b;
    b = a;
    a = first + second;
  }
  Words added = {a, b, c, d, e, f, g, h};
  for (size_t i = 0; i < 8; ++i)
    hash[i] += added[i];
}

} // namespace

std::string sha256(std::string_view bytes) {
  // The square roots of the first eight primes.
  Words hash = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  const auto *at = reinterpret_cast<const uint8_t *>(bytes.data());
  size_t whole = bytes.size() / 64 * 64;
  for (size_t i = 0; i < whole; i += 64)
    addBlock(hash, at + i);
  std::string tail(bytes.substr(whole));
  tail += '\x80';
  tail.resize((tail.size() + 8 + 63) / 64 * 64 - 8, '\0');
  for (int shift = 56; shift >= 0; shift -= 8)
    tail += static_cast<char>(static_cast<uint64_t>(bytes.size()) * 8 >> shift);
  for (size_t i = 0; i < tail.size(); i += 64)
    addBlock(hash, reinterpret_cast<const uint8_t *>(tail.data()) + i);
  std::string text;
  for (uint32_t word : hash)
    text += fmt::format("{:08x}", word);
  return text;
}

} // namespace dit::runtime
