// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The columns' sines and cosines first, then the rows', as the published code.
#include "runtime/PositionTable.h"

#include <fmt/format.h>

#include <cmath>

namespace dit::runtime {

/// The feature `d` of the token at row h, column w.
static double valueAt(const PositionTable &table, int64_t h, int64_t w,
                      int64_t d) {
  int64_t quarter = table.width / 4, j = d % quarter;
  double position = d < 2 * quarter ? static_cast<double>(w) * table.columnScale
                                    : static_cast<double>(h) * table.rowScale;
  double angle = position * std::pow(10000.0, -static_cast<double>(j) /
                                                  static_cast<double>(quarter));
  return d / quarter % 2 == 0 ? std::sin(angle) : std::cos(angle);
}

std::string differenceFrom(const PositionTable &table,
                           const std::vector<float> &stored,
                           const std::string &dtype) {
  // Near 1; of the longer ones what bfloat16 rounds, of which they may be made.
  const double rounding = dtype == "F8_E5M2"   ? 1.0 / 8
                          : dtype == "F8_E4M3" ? 1.0 / 16
                                               : 1.0 / 256;
  size_t at = 0;
  for (int64_t h = 0; h < table.rows; ++h)
    for (int64_t w = 0; w < table.columns; ++w)
      for (int64_t d = 0; d < table.width; ++d, ++at)
        if (double expected = valueAt(table, h, w, d);
            !(std::fabs(stored[at] - expected) <= rounding))
          return fmt::format(
              "is another table than the 2-D sines and cosines that the model "
              "adds: {:.4g} at token {}, feature {}, where the model has "
              "{:.4g} (`position: learned` in the spec reads the table from "
              "the checkpoint)",
              stored[at], h * table.columns + w, d, expected);
  return "";
}

} // namespace dit::runtime
