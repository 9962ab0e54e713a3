// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The table of Arch.h, from the vendor's data sheets.
#include "codegen/cuda/Arch.h"
#include "codegen/cuda/LinearShape.h"
#include "dialect/DiTDialect.h"

namespace dit::codegen::cuda {

/// A row is made in 4 clocks a feature by 32 lanes, and moved at 32 bytes a
/// clock, by data sheets. wgmma waits for rows, by the machine code about 10
/// clocks a feature: its block is alone on the multiprocessor. A row kernel
/// takes about 4000 with its launch, once for all, and leaves to the matmul
/// twice the tile.
MachineAttr machineOf(const Arch &arch, bool bf16, mlir::MLIRContext &context) {
  constexpr int64_t kTileBytes = 8 << 10, kMake = 89, kMove = 177,
                    kClocksAFeature = 10, kRowKernel = 4000;
  bool waits = bf16 && arch.name == "sm_90a";
  return MachineAttr::get(&context, kF32TileColumns, kMake, kMove,
                          arch.sharedBytes - kTileBytes,
                          waits ? kClocksAFeature : 0, kRowKernel);
}

llvm::ArrayRef<Arch> archs() {
  static constexpr Arch kArchs[] = {
      {"sm_80", 163 << 10, 108, 1024},  {"sm_86", 99 << 10, 82, 512},
      {"sm_89", 99 << 10, 142, 512},    {"sm_90a", 227 << 10, 132, 1024},
      {"sm_100", 227 << 10, 148, 1024},
  };
  return kArchs;
}

const Arch *findArch(llvm::StringRef name) {
  for (const Arch &arch : archs())
    if (arch.name == name)
      return &arch;
  return nullptr;
}

} // namespace dit::codegen::cuda
