// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A planned module as one CUDA file, to be read from top to bottom.
#ifndef DIT_CODEGEN_CUDA_EMIT_H
#define DIT_CODEGEN_CUDA_EMIT_H

#include "mlir/IR/BuiltinOps.h"
#include <string>

namespace dit::codegen::cuda {

/// The file: constants, the kernels, and for each function of the module one
/// that lists its launches in order. It includes the headers of
/// codegen/cuda/device. `title` is its first comment. Diagnoses what cannot be
/// printed: element types other than float32, rows that are not contiguous.
mlir::FailureOr<std::string> emitText(mlir::ModuleOp planned,
                                      llvm::StringRef title);

} // namespace dit::codegen::cuda

#endif // DIT_CODEGEN_CUDA_EMIT_H
