// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What cuBLASLt does with a linear: passes and the CUDA generator ask here.
#ifndef DIT_DIALECT_MATMUL_H
#define DIT_DIALECT_MATMUL_H

#include "dialect/DiTDialect.h"

namespace dit {

/// How a matmul of cuBLASLt's ends.
enum class CublasLtEpilogue { None, Bias, GeluTanhBias };

/// Whether such a matmul may end with `op`, behind `last`: GELU's tanh form
/// right behind the linear, and one cast, the last.
bool isCublasLtEpilogue(mlir::Operation *op, mlir::Operation *last);

/// Empty where cuBLASLt can be all of the region that `linear` is in, or of the
/// linear that is in none, and `epilogue` is how it ends. Else a sentence that
/// says what it does not do.
std::string cublasLtFault(LinearOp linear, CublasLtEpilogue &epilogue);

} // namespace dit

#endif // DIT_DIALECT_MATMUL_H
