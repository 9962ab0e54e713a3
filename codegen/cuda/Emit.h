// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A planned module as one CUDA file, to be read from top to bottom.
#ifndef DIT_CODEGEN_CUDA_EMIT_H
#define DIT_CODEGEN_CUDA_EMIT_H

#include "codegen/Launches.h"
#include "codegen/cuda/KernelLaunch.h"
#include <optional>

namespace dit::codegen::cuda {

struct EmitOptions {
  std::string title;          ///< the file's first comment
  std::string arch = "sm_80"; ///< one of Arch.h's
  /// The batch that tiles are chosen for; every batch runs.
  int64_t batchHint = 2;
};

/// An emitted file, and how its kernels are launched.
struct EmittedFile {
  std::string text;
  std::vector<KernelLaunch> kernels; ///< as `program.kernels` are numbered
  /// Of dit_step, the runtime's own: StepText.h.
  std::optional<KernelLaunch> step;
};

/// The file: constants, the kernels, and for each function of the module one
/// that lists its launches in order. It includes the headers of
/// codegen/cuda/device. Diagnoses what cannot be printed: element types other
/// than float32 and bfloat16, rows that are not contiguous.
mlir::FailureOr<EmittedFile> emitText(const Program &program,
                                      const EmitOptions &options);

} // namespace dit::codegen::cuda

#endif // DIT_CODEGEN_CUDA_EMIT_H
