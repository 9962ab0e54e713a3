// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The tables of a model's slower functions, on its device: what they compute
// for samples, once for those that are told the same.
#ifndef DIT_RUNTIME_CONDITIONTABLES_H
#define DIT_RUNTIME_CONDITIONTABLES_H

#include "runtime/Denoiser.h"

namespace dit::runtime {

/// Must not outlive its Denoiser. For one thread at a time.
class ConditionTables {
public:
  explicit ConditionTables(Denoiser &denoiser);

  /// Takes memory for rows[f] rows of function number f's table. False where a
  /// table has another address than before.
  bool reserve(std::span<const int64_t> rows);
  /// What `samples` samples are told, and fills the tables of all functions
  /// that read nothing else. The memory of `inputs`, the host's, must stay
  /// until the last tellSteps().
  void tell(InputMap inputs, int64_t samples);
  /// Fills the other tables, of functions that read t too, for steps that tell
  /// all samples t[i].
  void tellSteps(std::span<const float> t);

  /// The table of function number f, in the device's memory, and its row for a
  /// sample at a step.
  const float *rows(FunctionIndex f) const {
    return tables[f].memory.as<float>();
  }
  int32_t row(FunctionIndex f, int64_t sample, int64_t step = 0) const;

private:
  struct Table {
    ToldRows told;
    DeviceMemory memory;
  };

  void fill(FunctionIndex f, std::span<const float> t);
  void fillPiece(FunctionIndex f, std::span<const float> t, int64_t first,
                 int64_t count);
  const void *onDevice(size_t slot, const void *from, int64_t bytes);

  Denoiser &denoiser;
  InputMap inputs;
  std::vector<Table> tables; ///< one a function
  // Of fill.
  DeviceMemory arena;
  std::vector<DeviceMemory> uploaded;
};

} // namespace dit::runtime

#endif // DIT_RUNTIME_CONDITIONTABLES_H
