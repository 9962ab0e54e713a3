// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How an emitted kernel is launched, in numbers: what the manifest says of it.
#ifndef DIT_CODEGEN_CUDA_KERNELLAUNCH_H
#define DIT_CODEGEN_CUDA_KERNELLAUNCH_H

#include "codegen/cuda/LibraryMatmul.h"

#include "llvm/ADT/SmallVector.h"
#include <array>
#include <cstdint>
#include <string>

namespace dit::codegen::cuda {

/// `perRow * rows + fixed`, where `rows` is the batch.
struct Count {
  int64_t perRow = 0, fixed = 0;
};

/// One dimension of a grid: how many tiles of `tile` cover the count.
struct GridDim {
  int64_t perRow = 0, fixed = 0, tile = 1;
};

/// What a tensor map tells TMA of a row-major bf16 matrix, columns innermost.
struct TensorMap {
  int operand;                ///< whose address the map holds
  int64_t columns;            ///< of the matrix
  Count rows;                 ///< of the matrix
  int64_t rowBytes;           ///< from a row to the next
  std::array<int64_t, 2> box; ///< columns and rows of one copy
  int64_t swizzle;            ///< 0, 32, 64 or 128 bytes
};

/// Parameters, in order: operands, results, then row_index if any operand is
/// gathered, each an address or, where a tensor map names it, the map; then
/// `int rows` if the kernel takes it.
struct KernelLaunch {
  std::string function;               ///< its name in the text
  llvm::SmallVector<GridDim, 3> grid; ///< x first
  /// Blocks of a cluster in x and y. The kernel says so itself: a driver's
  /// launch does not.
  std::array<int, 2> cluster = {1, 1};
  int threads = 128;       ///< of a block
  int64_t sharedBytes = 0; ///< of a block, dynamic
  bool takesRows = false;
  llvm::SmallVector<TensorMap, 3> tensorMaps;
  /// Set for what a library multiplies: then there is no such kernel, and all
  /// of the above says nothing.
  std::optional<LibraryMatmul> matmul;
};

} // namespace dit::codegen::cuda

#endif // DIT_CODEGEN_CUDA_KERNELLAUNCH_H
