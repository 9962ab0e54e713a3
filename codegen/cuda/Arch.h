// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The GPUs that text is made for, as far as the text depends on them.
#ifndef DIT_CODEGEN_CUDA_ARCH_H
#define DIT_CODEGEN_CUDA_ARCH_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>

namespace mlir {
class MLIRContext;
}
namespace dit {
class MachineAttr;
}

namespace dit::codegen::cuda {

/// An architecture, with the numbers of a common GPU that has it.
struct Arch {
  llvm::StringLiteral name;
  int64_t sharedBytes;    ///< the most that a block may have
  int multiprocessors;    ///< of an A100, RTX 3090, L40S, H100, B200
  int multipliesPerClock; ///< of bf16 by mma.sync, a multiprocessor
};

/// As passes see it; `bf16`: where that is multiplied.
MachineAttr machineOf(const Arch &arch, bool bf16, mlir::MLIRContext &context);

/// All that are known, oldest first.
llvm::ArrayRef<Arch> archs();

/// The one of that name, or null.
const Arch *findArch(llvm::StringRef name);

} // namespace dit::codegen::cuda

#endif // DIT_CODEGEN_CUDA_ARCH_H
