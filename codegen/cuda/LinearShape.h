// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A linear's sizes, as the choice of its tile sees them.
#ifndef DIT_CODEGEN_CUDA_LINEARSHAPE_H
#define DIT_CODEGEN_CUDA_LINEARSHAPE_H

#include <cstdint>

namespace dit::codegen::cuda {

/// a / b, rounded up.
inline int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// Of a tile of matmul_f32.h.
inline constexpr int64_t kF32TileColumns = 64;

/// A linear: (rows, depth) times (columns, depth) transposed.
struct LinearShape {
  int64_t rows, columns, depth;
  bool makesRows;           ///< x is computed by the kernel, row by row
  int64_t elementBytes = 2; ///< of x and the weight
};

} // namespace dit::codegen::cuda

#endif // DIT_CODEGEN_CUDA_LINEARSHAPE_H
