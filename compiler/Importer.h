// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Spec -> a module at phase `dit`: the network, op by op.
#ifndef DIT_COMPILER_IMPORTER_H
#define DIT_COMPILER_IMPORTER_H

#include "compiler/Spec.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace dit {

/// Builds `@denoise(x (N,C,H,W), t (N), y (N), inputs..) -> out (N,C_out,H,W)`.
/// Weights have the names of the spec, which by default are the published ones
/// (`blocks.3.attn.qkv.weight`), every op the location of the YAML value that
/// governs it under a name such as `blocks[3].qkv`. A spec that parseSpec took
/// has a network at each of its resolutions.
mlir::OwningOpRef<mlir::ModuleOp> importSpec(mlir::MLIRContext *context,
                                             const Spec &spec);

} // namespace dit

#endif // DIT_COMPILER_IMPORTER_H
