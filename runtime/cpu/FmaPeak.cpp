// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A loop of FMAs, as many in flight as two units of latency four or five need.
#include "runtime/cpu/FmaPeak.h"

#include "runtime/cpu/CpuFeatures.h"

#include <chrono>
#include <immintrin.h>

namespace dit::runtime {

static constexpr int chains = 12;
static constexpr int64_t rounds = 4096;

// The empty asm keeps each chain in a register and the loop as it is written.
#define DIT_FMA_LOOP(Vector, set, fma)                                         \
  Vector factor = set(0.999f), term = set(0.001f), sums[chains];               \
  for (Vector &s : sums)                                                       \
    s = term;                                                                  \
  for (int64_t i = 0; i < rounds; ++i)                                         \
    _Pragma("GCC unroll 12") for (Vector &s : sums) {                          \
      s = fma(s, factor, term);                                                \
      asm volatile("" : "+v"(s));                                              \
    }

__attribute__((target("avx512f"))) static void runAvx512() {
  DIT_FMA_LOOP(__m512, _mm512_set1_ps, _mm512_fmadd_ps)
}

__attribute__((target("avx2,fma"))) static void runAvx2() {
  DIT_FMA_LOOP(__m256, _mm256_set1_ps, _mm256_fmadd_ps)
}

#undef DIT_FMA_LOOP

/// What is multiplied are two bfloat16 a lane; their values do not matter.
__attribute__((target("avx512f,avx512bf16"))) static void runBf16() {
  __m512bh factor = (__m512bh)_mm512_set1_ps(0.001f);
  __m512 sums[chains] = {};
  for (int64_t i = 0; i < rounds; ++i)
    _Pragma("GCC unroll 12") for (__m512 &s : sums) {
      s = _mm512_dpbf16_ps(s, factor, factor);
      asm volatile("" : "+v"(s));
    }
}

namespace {

struct Loop {
  void (*run)() = nullptr;
  int multiplyAdds = 0; ///< of a vector
};

Loop loopOf(bool bf16) {
  const auto &features = thisCpu().features;
  if (bf16)
    return features.contains("avx512_bf16") ? Loop{runBf16, 32} : Loop{};
  if (features.contains("avx512f"))
    return {runAvx512, 16};
  return features.contains("avx2") && features.contains("fma")
             ? Loop{runAvx2, 8}
             : Loop{};
}

} // namespace

double measureFmaPeak(ThreadPool &pool, double seconds, bool bf16) {
  Loop loop = loopOf(bf16);
  if (!loop.run)
    return 0;
  double flopsOfUnit = 2.0 * chains * rounds * loop.multiplyAdds;
  using Clock = std::chrono::steady_clock;
  auto begin = Clock::now();
  double elapsed = 0, flops = 0;
  do {
    int64_t units = 8 * pool.threads();
    pool.run(units, [&](int, int64_t first, int64_t end) {
      for (int64_t i = first; i < end; ++i)
        loop.run();
    });
    flops += static_cast<double>(units) * flopsOfUnit;
    elapsed = std::chrono::duration<double>(Clock::now() - begin).count();
  } while (elapsed < seconds);
  return flops / elapsed * 1e-9;
}

} // namespace dit::runtime
