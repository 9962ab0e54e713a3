// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The weights on their way through a GPU while an artifact packs them.
#ifndef DIT_RUNTIME_CUDA_DEVICEWEIGHTS_H
#define DIT_RUNTIME_CUDA_DEVICEWEIGHTS_H

#include "runtime/Weights.h"
#include "runtime/cuda/Staging.h"

#include <map>
#include <vector>

namespace dit::runtime::cuda {

/// Each weight is in the GPU's memory from its read to its release. A released
/// one's memory is used again for the next that fits: everything is in the
/// order of one stream, so the kernels that still read it come first.
class DeviceWeights {
public:
  DeviceWeights(std::shared_ptr<const Gpu> gpu, WeightSource &source,
                const std::vector<WeightEntry> &entries, Staging &staging,
                Stream stream);

  /// The weight's device address, float32 and row-major.
  void *read(int32_t index);
  void release(int32_t index);

private:
  DeviceMemory take(int64_t bytes, const std::string &name);

  std::shared_ptr<const Gpu> gpu;
  WeightSource &source;
  const std::vector<WeightEntry> &entries;
  Staging &staging;
  Stream stream;
  std::map<int32_t, DeviceMemory> inUse;
  std::multimap<int64_t, DeviceMemory> released; ///< by bytes
};

} // namespace dit::runtime::cuda

#endif // DIT_RUNTIME_CUDA_DEVICEWEIGHTS_H
