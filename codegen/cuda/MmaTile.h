// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which tile of device/matmul.h a linear gets.
#ifndef DIT_CODEGEN_CUDA_MMATILE_H
#define DIT_CODEGEN_CUDA_MMATILE_H

#include "codegen/cuda/Arch.h"
#include "codegen/cuda/LinearShape.h"
#include <optional>

namespace dit::codegen::cuda {

/// The parameters of MatmulTile and MatmulRows.
struct MmaTile {
  int64_t rows = 0, columns = 0;
  int64_t step = 0; ///< of the depth, in a stage
  int stages = 0;
  int warpsDown = 1, warpsAcross = 1;
  int tiles = 1; ///< of columns, that a block makes one by one

  int threads() const { return 32 * warpsDown * warpsAcross; }
  /// Of a block, as the template counts them.
  int64_t sharedBytes(const LinearShape &shape) const;
  /// Clocks that a launch takes by the model below; to compare tiles with.
  double clocks(const LinearShape &shape, const Arch &arch) const;
};

/// The tile that the model says is fastest; none where no tile fits into shared
/// memory.
///
/// The model: each multiprocessor does its share of the blocks. The tensor
/// cores, shared memory (128 bytes a clock, from which every warp reads both
/// its operands) and the way from the L2 cache (32 bytes a clock) work side by
/// side. Rows that a block makes first, and the way to the first stage, are
/// waited for. The numbers are from data sheets, not from measurements of these
/// kernels.
std::optional<MmaTile> chooseMmaTile(const LinearShape &shape,
                                     const Arch &arch);

} // namespace dit::codegen::cuda

#endif // DIT_CODEGEN_CUDA_MMATILE_H
