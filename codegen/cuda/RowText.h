// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Values of a region as rows that a warp holds: row kernels, and prologues of
// linears.
#ifndef DIT_CODEGEN_CUDA_ROWTEXT_H
#define DIT_CODEGEN_CUDA_ROWTEXT_H

#include "codegen/cuda/Expressions.h"

namespace dit::codegen::cuda {

/// Prints to `out` statements over the row at (sample, token). Refers to `text`
/// and `out`, which must outlive it.
ExpressionPrinter rowPrinter(const KernelText &text, std::string &out,
                             llvm::StringRef indent);

} // namespace dit::codegen::cuda

#endif // DIT_CODEGEN_CUDA_ROWTEXT_H
