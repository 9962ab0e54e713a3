// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The device of an artifact's target, and the profile all devices keep.
#include "runtime/Device.h"

#include "runtime/Error.h"
#include "runtime/cpu/CpuDevice.h"
#include "runtime/cuda/CudaDevice.h"

namespace dit::runtime {

void Device::addSeconds(FunctionIndex function, int32_t kernel, double spent) {
  auto &list = seconds[function];
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
  const Alternative &first = *artifact.alternatives(options.size).front();
  if (first.manifest.target == "cuda")
    return cuda::openCudaDevice(artifact, options);
  try {
    return std::make_unique<CpuDevice>(first, options);
  } catch (const FlagError &error) {
    throw FlagError(artifact.path() + ": " + error.what());
  }
}

} // namespace dit::runtime
