// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The table of Arch.h, from the vendor's data sheets.
#include "codegen/cuda/Arch.h"

namespace dit::codegen::cuda {

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
