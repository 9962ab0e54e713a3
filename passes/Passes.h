// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Creation and registration of the passes declared in Passes.td.
#ifndef DIT_PASSES_PASSES_H
#define DIT_PASSES_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include <limits>

namespace dit {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/Passes.h.inc"

/// Registers the passes, and for dit-opt the pipelines `dit-to-staged`,
/// `dit-to-fused` and `dit-to-planned`, each from phase `dit` on: what
/// Pipelines.h has for the options `target=`, `dtype=`, `matmul=` and `panel=`,
/// with the fusions of `fuse=` (names without `dit-fuse-`, all by default).
void registerPasses();

} // namespace dit

#endif // DIT_PASSES_PASSES_H
