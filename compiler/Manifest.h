// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The parts of an artifact's manifest that every target has: the model's shapes
// and sizes from its program, how it is sampled from its spec.
#ifndef DIT_COMPILER_MANIFEST_H
#define DIT_COMPILER_MANIFEST_H

#include "codegen/Launches.h"
#include "compiler/Target.h"
#include "runtime/Manifest.h"

namespace dit {

inline constexpr llvm::StringLiteral kCompilerVersion = "ditc " DITC_VERSION;

/// Everything but target, arch, features, dtype and what only a GPU's kernels
/// have. `scratchBytes`: of each of a CPU's threads.
runtime::Manifest describeModel(const CompiledModel &model,
                                const codegen::Program &program,
                                int64_t scratchBytes);

/// The manifest's text. Diagnoses at the module a model that the runtime would
/// refuse, whose result is of another size than x, say.
mlir::FailureOr<std::string> writeManifest(const CompiledModel &model,
                                           const runtime::Manifest &manifest);

} // namespace dit

#endif // DIT_COMPILER_MANIFEST_H
