// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Linears that a library multiplies instead of a kernel: what cuBLASLt is asked
// for, in the manifest's words.
#ifndef DIT_CODEGEN_CUDA_LIBRARYMATMUL_H
#define DIT_CODEGEN_CUDA_LIBRARYMATMUL_H

#include "mlir/Support/LLVM.h"
#include <cstdint>
#include <optional>
#include <string>

namespace dit::codegen::cuda {

class LinearText;

/// out (m, n) = x (m, k) weight (n, k)^T, then the epilogue; row-major, one row
/// behind the other. Operands count a launch's operands, then its results.
struct LibraryMatmul {
  int64_t rowsPerSample = 0, fixedRows = 0; ///< m = per sample * batch + fixed
  int64_t n = 0, k = 0;
  int x = 0, weight = 0, out = 0;
  std::optional<int> bias;   ///< of out's element type
  std::string type, outType; ///< "bf16" or "f32", `type` also "tf32"
  std::string epilogue;      ///< "none", "bias" or "gelu_tanh_bias"
};

/// Sets the launch to the matmul that is all of `linear`'s region. Diagnoses
/// what no epilogue of cuBLASLt does, and a layout that it does not read fast:
/// rows that are apart or begin at no multiple of 16 bytes.
mlir::LogicalResult describeLibraryMatmul(LinearText &linear);

} // namespace dit::codegen::cuda

#endif // DIT_CODEGEN_CUDA_LIBRARYMATMUL_H
