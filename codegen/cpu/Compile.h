// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The CPU target from a planned module to a shared object.
#ifndef DIT_CODEGEN_CPU_COMPILE_H
#define DIT_CODEGEN_CPU_COMPILE_H

#include "codegen/Launches.h"
#include "codegen/cpu/Kernels.h"

namespace dit::codegen::cpu {

/// An instruction set that code is made for.
struct Arch {
  std::string name; ///< x86-64-v3 or x86-64-v4
  std::vector<std::string>
      features; ///< what the CPU must have, as /proc/cpuinfo calls it
  Machine machine;
  /// What LLVM is to use beyond the level `name`: "+avx512bf16", or nothing.
  std::string extensions = {};
};

/// `native`, `x86-64-v3` (AVX2 + FMA) or `x86-64-v4` (AVX-512). Native is the
/// best of the two that this machine has. `bf16`: with AVX512_BF16, which
/// multiplies bfloat16. Fails with the sentence to print.
llvm::Expected<Arch> findArch(llvm::StringRef name, bool bf16 = false);

/// What code generation adds to the manifest: its `memory` and `kernels`.
struct Report {
  Program program;
  int64_t scratchBytes = 0; ///< of each worker
};

/// Gives the manifest's text once the rest is known, or has diagnosed why it
/// cannot.
using ManifestText =
    llvm::function_ref<mlir::FailureOr<std::string>(const Report &)>;

/// The kernels and the artifact's functions as a module that host::lowerToLLVM
/// takes. `place`: of this model in the artifact's chain.
mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>>
assemble(mlir::ModuleOp planned, const Arch &arch, ManifestText manifest,
         host::ChainPlace place = {});

/// All of it: planned module to shared object.
mlir::LogicalResult compile(mlir::ModuleOp planned, const Arch &arch,
                            ManifestText manifest, llvm::StringRef path);

} // namespace dit::codegen::cpu

#endif // DIT_CODEGEN_CPU_COMPILE_H
