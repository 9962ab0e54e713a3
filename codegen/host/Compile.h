// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What runs on the host, from dialects to a shared object: a CPU's kernels, and
// every artifact's functions.
#ifndef DIT_CODEGEN_HOST_COMPILE_H
#define DIT_CODEGEN_HOST_COMPILE_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"
#include <string>

namespace dit::codegen::host {

/// What every x86-64 CPU runs: enough for addresses and launches.
inline constexpr llvm::StringLiteral kBaseline = "x86-64";

/// Lowers kernels and EntryPoints to the LLVM dialect alone.
mlir::LogicalResult lowerToLLVM(mlir::ModuleOp module);

/// LLVM IR, optimised for `cpu` (a name of LLVM's) with `extensions`
/// ("+avx512bf16"), as text.
mlir::FailureOr<std::string> emitLLVM(mlir::ModuleOp lowered,
                                      llvm::StringRef cpu,
                                      llvm::StringRef extensions = "");

/// The bytes of the object file.
mlir::FailureOr<std::string> emitObject(mlir::ModuleOp lowered,
                                        llvm::StringRef cpu,
                                        llvm::StringRef extensions = "");

/// Links object files, given as their bytes in the order of the artifact's
/// chain, into `path`, by way of temporary files beside it. On failure nothing
/// is left behind, and the error is the sentence to print.
llvm::Error linkSharedObject(llvm::ArrayRef<std::string> objects,
                             llvm::StringRef path);

} // namespace dit::codegen::host

#endif // DIT_CODEGEN_HOST_COMPILE_H
