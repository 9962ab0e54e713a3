// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The values of a pack region as runs of consecutive floats, so that a
// concatenation of weights is read where its pieces lie and never made.
#ifndef DIT_CODEGEN_CPU_WEIGHTSOURCE_H
#define DIT_CODEGEN_CPU_WEIGHTSOURCE_H

#include "codegen/cpu/Kernels.h"

namespace dit::codegen::cpu {

/// Part of a value's elements in row-major order.
struct WeightPiece {
  int64_t floats = 0;
  /// Elements [i * run, (i + 1) * run) can be read as consecutive ones.
  int64_t run = 0;
  /// Where element i is, or null for elements that are computed.
  std::function<Ptr(Index)> address;
  /// `count` elements from i on, all of one run.
  std::function<Num(Index i, int64_t count)> load;
};

using WeightPieces = std::vector<WeightPiece>;

/// The pieces of a region's value: an argument's, those of what is concatenated
/// one after the other, those of a sum cut where either side's are. Diagnoses
/// at the op what is not consecutive in memory.
mlir::FailureOr<WeightPieces> weightPieces(mlir::Value value, KernelBody &body);

} // namespace dit::codegen::cpu

#endif // DIT_CODEGEN_CPU_WEIGHTSOURCE_H
