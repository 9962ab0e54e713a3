// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One loop, compiled for each width: the sums of a tile stay in registers.
#include "runtime/evaluation/ProductKernels.h"

#include "runtime/cpu/CpuFeatures.h"

namespace dit::runtime {
namespace {

/// A tile of `Rows` by `Vectors` vectors of `Width`. Without FMA it rounds
/// twice.
template <int Width, int Rows, int Vectors, bool HasFma>
[[gnu::always_inline]] inline void multiplyTile(const double *a,
                                                const double *b, int64_t depth,
                                                double *c, int64_t stride) {
  using Vector = double __attribute__((ext_vector_type(Width)));
  Vector sums[Rows][Vectors] = {};
  for (int64_t k = 0; k < depth; ++k) {
    Vector right[Vectors];
    __builtin_memcpy(right, b + k * Width * Vectors, sizeof right);
#pragma clang loop unroll(full)
    for (int i = 0; i < Rows; ++i) {
      Vector left = a[k * Rows + i];
#pragma clang loop unroll(full)
      for (int j = 0; j < Vectors; ++j)
        if constexpr (HasFma)
          sums[i][j] = __builtin_elementwise_fma(left, right[j], sums[i][j]);
        else
          sums[i][j] += left * right[j];
    }
  }
  for (int i = 0; i < Rows; ++i)
    for (int j = 0; j < Width * Vectors; ++j)
      c[i * stride + j] += sums[i][j / Width][j % Width];
}

[[gnu::target("avx512f")]] void multiplyAvx512(const double *a, const double *b,
                                               int64_t depth, double *c,
                                               int64_t stride) {
  multiplyTile<8, 8, 3, true>(a, b, depth, c, stride);
}

[[gnu::target("avx2,fma")]] void multiplyAvx2(const double *a, const double *b,
                                              int64_t depth, double *c,
                                              int64_t stride) {
  multiplyTile<4, 6, 2, true>(a, b, depth, c, stride);
}

void multiplySse2(const double *a, const double *b, int64_t depth, double *c,
                  int64_t stride) {
  multiplyTile<2, 4, 2, false>(a, b, depth, c, stride);
}

} // namespace

std::vector<ProductKernel> productKernels() {
  const auto &features = thisCpu().features;
  std::vector<ProductKernel> kernels;
  if (features.contains("avx512f"))
    kernels.push_back({"avx512f", 8, 24, multiplyAvx512});
  if (features.contains("avx2") && features.contains("fma"))
    kernels.push_back({"avx2", 6, 8, multiplyAvx2});
  kernels.push_back({"", 4, 4, multiplySse2});
  return kernels;
}

} // namespace dit::runtime
