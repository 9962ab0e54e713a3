// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What samples are told, by input, and which of them are told the same.
#ifndef DIT_RUNTIME_TOLDROWS_H
#define DIT_RUNTIME_TOLDROWS_H

#include "runtime/Manifest.h"

#include <map>
#include <span>

namespace dit::runtime {

/// Rows of one input in the host's memory, elements as the manifest's PortEntry
/// says, and which of them is each sample's.
struct InputValues {
  const void *data = nullptr;
  int64_t rows = 1;
  /// Sample i has row rowOf[i]. Where it is empty: its own, or the one that
  /// there is.
  std::span<const int32_t> rowOf = {};

  int32_t rowOfSample(int64_t i) const {
    if (!rowOf.empty())
      return rowOf[static_cast<size_t>(i)];
    return rows == 1 ? 0 : static_cast<int32_t>(i);
  }
};

/// By name.
using InputMap = std::map<std::string, InputValues, std::less<>>;

/// One row of `bytes` a sample, one after the other.
std::string rowsOfSamples(const InputValues &values, int64_t samples,
                          int64_t bytes);

/// For each of `values.rows` rows of `bytes` the first that has the same bits:
/// a NaN is told like any other number.
std::vector<int32_t> firstEqualRows(const InputValues &values, int64_t bytes);

/// The rows that a function computes for some samples.
struct ToldRows {
  std::vector<int32_t> rowOf;  ///< one a sample
  std::vector<int32_t> sample; ///< one a row: a sample that has it
  /// Whether all that the function reads is among the inputs; what is not, the
  /// timestep of a sampler's steps, is not counted.
  bool isKnown = true;

  int64_t count() const { return static_cast<int64_t>(sample.size()); }
};

/// For each of the model's functions, which samples it need not tell apart:
/// those whose inputs have one row, and that gather one row of each table. Of
/// functions that fill no table nothing is said.
std::vector<ToldRows> toldRows(const Manifest &manifest, const InputMap &inputs,
                               int64_t samples);

} // namespace dit::runtime

#endif // DIT_RUNTIME_TOLDROWS_H
