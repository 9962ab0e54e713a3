// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a cubin says of its kernels: an ELF file with a section `.nv.info.NAME`
// for each.
#ifndef DIT_STANDIN_CUBIN_H
#define DIT_STANDIN_CUBIN_H

#include <map>
#include <string>
#include <vector>

namespace standin {

struct CubinKernel {
  std::vector<unsigned> parameterBytes;
  unsigned mostThreads = 0;
};

struct Cubin {
  std::string arch; ///< "sm_90a", as the assembler was asked for
  std::map<std::string, CubinKernel> kernels;
};

/// False where the image is no cubin.
bool readCubin(const void *image, Cubin &cubin);

} // namespace standin

#endif // DIT_STANDIN_CUBIN_H
