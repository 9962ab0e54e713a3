// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/cuda/DeviceWeights.h"

#include "runtime/Error.h"

namespace dit::runtime::cuda {

DeviceWeights::DeviceWeights(std::shared_ptr<const Gpu> onGpu,
                             WeightSource &source,
                             const std::vector<WeightEntry> &entries,
                             Staging &staging, Stream stream)
    : gpu(std::move(onGpu)), source(source), entries(entries), staging(staging),
      stream(stream) {}

DeviceMemory DeviceWeights::take(int64_t bytes, const std::string &name) {
  auto fitting = released.lower_bound(bytes);
  if (fitting == released.end())
    return allocate(gpu, bytes, ("the weight " + name).c_str());
  DeviceMemory memory = std::move(fitting->second);
  released.erase(fitting);
  return memory;
}

void *DeviceWeights::read(int32_t index) {
  if (index < 0 || static_cast<size_t>(index) >= entries.size())
    fail("damaged: the code reads weight {} of {}", index, entries.size());
  if (auto it = inUse.find(index); it != inUse.end())
    return it->second.data();
  const WeightEntry &entry = entries[static_cast<size_t>(index)];
  int64_t bytes = entry.elements() * 4;
  DeviceMemory memory = take(bytes, entry.name);
  staging.upload(memory.data(), source.read(index), bytes, stream);
  source.release(index); // the host's copy; the GPU has its own
  return inUse.emplace(index, std::move(memory)).first->second.data();
}

void DeviceWeights::release(int32_t index) {
  auto it = inUse.find(index);
  if (it == inUse.end())
    return;
  released.emplace(it->second.bytes(), std::move(it->second));
  inUse.erase(it);
}

} // namespace dit::runtime::cuda
