// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The part of an artifact's manifest that is the same for every target; the
// keys are listed in runtime/Manifest.h.
#ifndef DIT_COMPILER_MANIFEST_H
#define DIT_COMPILER_MANIFEST_H

#include "compiler/Target.h"
#include "llvm/Support/JSON.h"

namespace dit {

inline constexpr llvm::StringLiteral kCompilerVersion = "ditc " DITC_VERSION;

/// Everything but target, arch, features, memory, weights and kernels.
llvm::json::Object describeModel(const CompiledModel &model);

} // namespace dit

#endif // DIT_COMPILER_MANIFEST_H
