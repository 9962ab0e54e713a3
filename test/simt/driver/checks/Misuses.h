// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Programs that misuse the driver, each in one way.
#ifndef DIT_STANDIN_CHECKS_MISUSES_H
#define DIT_STANDIN_CHECKS_MISUSES_H

#include <cuda.h>
#include <vector>

struct Misuse {
  const char *name;
  void (*run)();
  const char *sentence; ///< a part of what must be said
};

const std::vector<Misuse> &misuses();

/// Of 8 rows of 64 bf16, swizzled by nothing.
CUtensorMap tensorMapOf(CUdeviceptr address, unsigned columns = 64);

#endif // DIT_STANDIN_CHECKS_MISUSES_H
