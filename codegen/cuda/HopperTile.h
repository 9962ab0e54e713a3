// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which tile of device/matmul_sm90.h a linear gets on sm_90a.
#ifndef DIT_CODEGEN_CUDA_HOPPERTILE_H
#define DIT_CODEGEN_CUDA_HOPPERTILE_H

#include "codegen/cuda/LinearShape.h"
#include <optional>
#include <string>

namespace dit::codegen::cuda {

/// The parameters of WgmmaTile and WgmmaRows.
struct HopperTile {
  int64_t columns = 0;
  int stages = 0;
  int consumers = 1;
  int tiles = 1;            ///< of columns, that a block makes one by one
  int down = 1, across = 1; ///< blocks of a cluster

  int64_t rows() const { return 64 * consumers; }
  int threads() const { return 128 * (1 + consumers); }
  /// Of a block, as the template counts them.
  int64_t sharedBytes(const LinearShape &shape) const;
  /// Clocks that a launch takes by the model below; to compare tiles with.
  double clocks(const LinearShape &shape) const;
};

/// The tile that the model says is fastest; none where no tile fits into shared
/// memory.
///
/// The model: a launch is waves of blocks, one on each of 132 multiprocessors.
/// A block is a start, steps of 64 deep and an epilogue, one behind the other.
/// In a step the tensor cores (2048 multiply-adds a clock), shared memory (128
/// bytes a clock, which every wgmma reads both its operands from and TMA writes
/// to), the way into the multiprocessor (64 bytes a clock) and the way from the
/// L2 cache (32 bytes a clock, which blocks of a cluster share, and no more
/// than what is in flight in the stages arrives in 1000 clocks) work side by
/// side. The numbers are from published figures of an H100 and from the machine
/// code of these kernels, not from measurements; test/simt/clocks has the same
/// model of a whole step.
std::optional<HopperTile> chooseHopperTile(const LinearShape &shape);

} // namespace dit::codegen::cuda

#endif // DIT_CODEGEN_CUDA_HOPPERTILE_H
