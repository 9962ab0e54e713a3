// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Loaded modules, and the tensor maps that were made.
#ifndef DIT_STANDIN_MODULES_H
#define DIT_STANDIN_MODULES_H

#include "Cubin.h"
#include "KernelTable.h"
#include "Standin.h"
#include <array>
#include <map>
#include <set>

struct CUfunc_st {
  const standin::KernelEntry *kernel;
  CUmodule module;
  unsigned mostDynamicBytes = 48 << 10; ///< without cuFuncSetAttribute
};

struct CUmod_st {
  standin::Cubin cubin;
  int device = 0;
  std::map<std::string, CUfunc_st> functions;
  size_t waiting = 0; ///< launches that have not run
};

namespace standin {

std::set<CUmodule> &modules();

} // namespace standin

#endif // DIT_STANDIN_MODULES_H
