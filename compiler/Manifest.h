// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The parts of an artifact's manifest that every target has; the keys are
// listed in runtime/Manifest.h.
#ifndef DIT_COMPILER_MANIFEST_H
#define DIT_COMPILER_MANIFEST_H

#include "codegen/Launches.h"
#include "compiler/Target.h"
#include "llvm/Support/JSON.h"

namespace dit {

inline constexpr llvm::StringLiteral kCompilerVersion = "ditc " DITC_VERSION;

/// Everything but target, arch, features, dtype, memory, weights and kernels.
llvm::json::Object describeModel(const CompiledModel &model);

llvm::json::Object describeMemory(const codegen::Program &program,
                                  int64_t scratchBytes);
llvm::json::Array describeWeights(const codegen::Program &program);

/// The launches of each function; `addTo` may say more of one.
llvm::json::Object describeKernels(
    const codegen::Program &program,
    llvm::function_ref<void(llvm::json::Object &, const codegen::Launch &)>
        addTo = [](llvm::json::Object &, const codegen::Launch &) {});

/// The manifest's text.
std::string show(llvm::json::Object manifest);

} // namespace dit

#endif // DIT_COMPILER_MANIFEST_H
