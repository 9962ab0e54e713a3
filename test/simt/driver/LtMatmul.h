// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the stand-in cuBLASLt is told of a matmul, checked, and its sums.
#ifndef DIT_STANDIN_LTMATMUL_H
#define DIT_STANDIN_LTMATMUL_H

#include "Standin.h"
#include <cublasLt.h>
#include <string>

namespace standin {

/// In columns: element (i, j) is at i + j * leading.
struct Layout {
  cudaDataType type;
  uint64_t rows, columns;
  int64_t leading;

  uint64_t elementBytes() const { return type == CUDA_R_16BF ? 2 : 4; }
  uint64_t bytes() const {
    return ((columns - 1) * leading + rows) * elementBytes();
  }
};

struct Description {
  cublasComputeType_t compute;
  bool transposeA = false, transposeB = false;
  uint32_t epilogue = CUBLASLT_EPILOGUE_DEFAULT;
  const void *bias = nullptr;
  int32_t biasType = -1; ///< D's

  bool hasBias() const { return epilogue & CUBLASLT_EPILOGUE_BIAS; }
  bool hasGelu() const { return epilogue & CUBLASLT_EPILOGUE_GELU; }
};

struct Preference {
  uint64_t workspaceBytes = 0;
  uint32_t alignments[4] = {256, 256, 256, 256}; ///< A, B, C, D
};

/// D (m, n) = op(A) (m, k) op(B) (k, n).
struct Matmul {
  const Description &description;
  const Layout &a, &b, &d;

  uint64_t m() const { return d.rows; }
  uint64_t n() const { return d.columns; }
  uint64_t k() const { return description.transposeA ? a.rows : a.columns; }
  /// A sentence where the shapes do not fit one another, or nothing.
  std::string shapeFault() const;
  /// A sentence where the library has no such matmul, or nothing.
  std::string typeFault() const;
  /// Tells this matmul from others.
  uint64_t hash() const;
  std::string show() const;
};

/// The ways in which sums are formed; each gives other bits.
enum class Way { Sum, Halves, Backwards };
constexpr int kWays = 3;
/// Halves are summed in memory.
uint64_t workspaceBytes(const Matmul &matmul, Way way);

/// Computes D, with the addresses of the launch.
void compute(const Matmul &matmul, Way way, const void *a, const void *b,
             void *d);

} // namespace standin

#endif // DIT_STANDIN_LTMATMUL_H
