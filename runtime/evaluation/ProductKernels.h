// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Small products in float64, made for each width of a CPU's vectors.
#ifndef DIT_RUNTIME_EVALUATION_PRODUCTKERNELS_H
#define DIT_RUNTIME_EVALUATION_PRODUCTKERNELS_H

#include <cstdint>
#include <vector>

namespace dit::runtime {

/// c[i * stride + j] += sum over k of a[k * rows + i] * b[k * columns + j].
struct ProductKernel {
  const char *feature; ///< of the CPU, that it needs; empty for none
  int64_t rows, columns;
  void (*multiply)(const double *a, const double *b, int64_t depth, double *c,
                   int64_t stride);
};

/// Those that this CPU can run, the fastest first.
std::vector<ProductKernel> productKernels();

} // namespace dit::runtime

#endif // DIT_RUNTIME_EVALUATION_PRODUCTKERNELS_H
