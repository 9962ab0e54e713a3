// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The device of an artifact's target, and the profile all devices keep.
#include "runtime/Device.h"

#include "runtime/Error.h"
#include "runtime/cpu/CpuDevice.h"
#include "runtime/cuda/CudaDevice.h"

namespace dit::runtime {

void Device::addSeconds(ArtifactFunction function, int32_t kernel,
                        double spent) {
  auto &list = seconds[static_cast<int>(function)];
  auto index = static_cast<size_t>(kernel);
  if (index >= list.size())
    list.resize(index + 1);
  list[index] += spent;
}

void Device::clearProfile() {
  for (auto &list : seconds)
    list.clear();
}

std::unique_ptr<Device> openDevice(const Artifact &artifact,
                                   const DeviceOptions &options) {
  if (artifact.manifest().target == "cuda")
    return cuda::openCudaDevice(artifact, options);
  if (options.device)
    failFlag("{}: --device {} is a GPU's, but the model is compiled for the "
             "target {}",
             artifact.path(), *options.device,
             inQuotes(artifact.manifest().target));
  if (options.stream)
    failFlag("{}: a stream is a GPU's, but the model is compiled for the "
             "target {}",
             artifact.path(), inQuotes(artifact.manifest().target));
  return std::make_unique<CpuDevice>(artifact.alternatives().front(),
                                     options.threads);
}

} // namespace dit::runtime
