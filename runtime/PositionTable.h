// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The fixed 2-D sine-cosine table of a model, which checkpoints store too.
#ifndef DIT_RUNTIME_POSITIONTABLE_H
#define DIT_RUNTIME_POSITIONTABLE_H

#include <cstdint>
#include <string>
#include <vector>

namespace dit::runtime {

/// Of the tokens of a grid: that of row h and column w lies at h * rowScale and
/// w * columnScale.
struct PositionTable {
  int64_t rows = 0, columns = 0, width = 0; ///< features; a multiple of 4
  double rowScale = 1, columnScale = 1;

  std::vector<int64_t> shape() const { return {1, rows * columns, width}; }
};

/// What is wrong with `stored`, of the table's shape and kept in `dtype`: a
/// sentence without the tensor's name, or empty. What the dtype rounds is not
/// wrong.
std::string differenceFrom(const PositionTable &table,
                           const std::vector<float> &stored,
                           const std::string &dtype);

} // namespace dit::runtime

#endif // DIT_RUNTIME_POSITIONTABLE_H
