// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which of the ways in which an artifact's model was made a GPU can run, and
// which of them it runs best.
#ifndef DIT_RUNTIME_CUDA_ALTERNATIVES_H
#define DIT_RUNTIME_CUDA_ALTERNATIVES_H

#include "runtime/Artifact.h"

#include <string>
#include <string_view>
#include <vector>

namespace dit::runtime::cuda {

/// Whether a GPU of compute capability `major`.`minor` runs code for `arch`:
/// "sm_86" on 8.6, 8.9 and whatever else of major 8 is as new; "sm_90a" on 9.0
/// alone.
bool runs(std::string_view arch, int major, int minor);

/// Of `alternatives`, all of one size, those that such a GPU runs, and of these
/// the ones for the newest arch, a specific one ("sm_90a") before a general
/// one. In their order; more than one when they differ in their matmuls.
std::vector<const Alternative *>
fitting(const std::vector<const Alternative *> &alternatives, int major,
        int minor);

/// "sm_80, sm_90a": the archs of an artifact, each once.
std::string showArchs(const std::vector<const Alternative *> &alternatives);

} // namespace dit::runtime::cuda

#endif // DIT_RUNTIME_CUDA_ALTERNATIVES_H
