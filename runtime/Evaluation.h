// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The network on a batch whose conditions stay: told once, evaluated for any x.
#ifndef DIT_RUNTIME_EVALUATION_H
#define DIT_RUNTIME_EVALUATION_H

#include "runtime/ConditionTables.h"

namespace dit::runtime {

/// Must not outlive its Denoiser, whose turn the caller has.
class Evaluation {
public:
  Evaluation(Denoiser &denoiser, int64_t rows);

  int64_t rows() const { return plan.rows(); }
  /// What the samples are told, every input of the model but x, in the host's
  /// memory, which need not stay.
  void tell(const InputMap &inputs);
  /// out (rows, C_out, H, W) = network(x (rows, C, H, W)), both the device's.
  void run(const float *x, float *out);

  /// What the samples are told, computed.
  const ConditionTables &conditions() const { return tables; }

private:
  Denoiser &denoiser;
  Plan plan;
  ConditionTables tables;
  std::vector<DeviceMemory> inputs;     ///< of the network's, but x
  std::vector<DeviceMemory> rowIndices; ///< one a table that the network reads
};

} // namespace dit::runtime

#endif // DIT_RUNTIME_EVALUATION_H
