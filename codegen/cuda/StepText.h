// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The kernel that follows every evaluation of the network.
#ifndef DIT_CODEGEN_CUDA_STEPTEXT_H
#define DIT_CODEGEN_CUDA_STEPTEXT_H

#include "codegen/Launches.h"
#include "codegen/cuda/KernelLaunch.h"
#include <optional>

namespace dit::codegen::cuda {

struct StepText {
  std::string text;
  KernelLaunch launch; ///< its `rows` are samples
};

/// `dit_step` of device/step.h for the model's sizes. Nothing where @denoise is
/// no network of x (N, C, H, W) with a result (N, C or 2 C, H, W).
std::optional<StepText> printStep(const Program &program);

} // namespace dit::codegen::cuda

#endif // DIT_CODEGEN_CUDA_STEPTEXT_H
