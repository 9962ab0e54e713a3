// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the manifest of a CUDA artifact says of one launch: how a function of
// the cubin is started, or what cuBLASLt is asked for. The keys are in
// LaunchEntry.cpp.
#ifndef DIT_RUNTIME_LAUNCHENTRY_H
#define DIT_RUNTIME_LAUNCHENTRY_H

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace dit::runtime {

/// A count that grows with the batch.
struct RowCount {
  int64_t perRow = 0, fixed = 0;
  int64_t of(int64_t rows) const { return perRow * rows + fixed; }
};

/// One dimension of a grid.
struct GridDimension {
  RowCount work;
  int64_t tile = 1; ///< of a block
  int64_t blocks(int64_t rows) const {
    return (work.of(rows) + tile - 1) / tile;
  }
};

/// A row-major bf16 matrix that a kernel reads or writes through TMA.
struct TensorMapEntry {
  int64_t operand = 0; ///< into DitLaunch.operands
  int64_t columns = 0; ///< the inner dimension
  RowCount rows;
  int64_t rowBytes = 0;                ///< from one row to the next
  int64_t boxColumns = 0, boxRows = 0; ///< what one copy moves
  int64_t swizzle = 0;                 ///< bytes: 0 (none), 32, 64 or 128
};

/// How a function of the cubin is started. Its parameters: one for each of the
/// `operands` of DitLaunch.operands, its device address, or where a tensor map
/// names it that map (128 bytes by value); then, where takesRows, the batch as
/// an int.
struct LaunchEntry {
  std::string function;
  std::vector<GridDimension> grid; ///< one to three
  int64_t threads = 0, sharedBytes = 0;
  int64_t operands = 0; ///< how many DitLaunch.operands has
  bool takesRows = false;
  std::vector<TensorMapEntry> tensorMaps;
};

/// A matmul that cuBLASLt does: out (m, n) = x (m, k) weight (n, k)^T (+ bias),
/// row-major and packed.
struct CublasLtEntry {
  RowCount m;
  int64_t n = 0, k = 0;
  int64_t x = 0, weight = 0, out = 0; ///< into DitLaunch.operands
  std::optional<int64_t> bias;
  std::string type, outType, epilogue;
};

// Their keys in a manifest, for JsonFields.h; instantiated in LaunchEntry.cpp.
template <class Fields> void describe(Fields &f, LaunchEntry &launch);
template <class Fields> void describe(Fields &f, CublasLtEntry &matmul);

} // namespace dit::runtime

#endif // DIT_RUNTIME_LAUNCHENTRY_H
