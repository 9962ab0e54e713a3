// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// CUDA text to machine code, by the NVRTC of whatever CUDA toolkit is
// installed. ditc itself needs none: the library is looked for when it is
// called for.
#ifndef DIT_CODEGEN_CUDA_NVRTC_H
#define DIT_CODEGEN_CUDA_NVRTC_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>

namespace dit::codegen::cuda {

struct Cubin {
  std::string bytes;
  std::string nvrtc; ///< the version that made it: "13.0"
  /// What it said: empty, unless it or ptxas warns, of wgmma that is serialised
  /// (C7510 and on) above all.
  std::string log;
};

/// Compiles an emitted file, which includes the headers of codegen/cuda/device
/// (they are part of ditc), for one arch: sm_80, sm_90a ... `name` is what
/// messages call the file. The library is that of $CUDA_HOME or $CUDA_PATH
/// where one is set, else the one that scripts/setup --cuda fetched, the
/// loader's or the one in /usr/local/cuda. The error
/// is the sentence to print: no library was found, or what NVRTC complains of
/// first. May be called from several threads at once.
llvm::Expected<Cubin> compileToCubin(llvm::StringRef text, llvm::StringRef name,
                                     llvm::StringRef arch);

} // namespace dit::codegen::cuda

#endif // DIT_CODEGEN_CUDA_NVRTC_H
