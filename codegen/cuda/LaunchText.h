// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The launch lists at the end of an emitted file.
#ifndef DIT_CODEGEN_CUDA_LAUNCHTEXT_H
#define DIT_CODEGEN_CUDA_LAUNCHTEXT_H

#include "codegen/cuda/KernelText.h"

namespace dit::codegen::cuda {

/// The weights by name, and the functions prepare, tabulate, condition and
/// denoise: each launch with the graph's name behind every address. `kernels`
/// are `program.kernels`, printed.
std::string printLaunches(const Program &program,
                          llvm::ArrayRef<KernelText> kernels);

} // namespace dit::codegen::cuda

#endif // DIT_CODEGEN_CUDA_LAUNCHTEXT_H
