// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/cuda/Gpu.h"

#include "runtime/Error.h"
#include "runtime/Memory.h"

#include <algorithm>

namespace dit::runtime::cuda {

int Gpu::attribute(int number) const {
  int value = 0;
  driver.check(driver.cuDeviceGetAttribute(&value, number, device),
               "an attribute of the GPU cannot be read");
  return value;
}

Gpu::Gpu(int number) : driver(Driver::get()), ordinal(number) {
  int count = 0;
  driver.check(driver.cuDeviceGetCount(&count), "GPUs cannot be counted");
  if (count < 1)
    fail("the NVIDIA driver of CUDA {} finds no GPU in this machine",
         showCudaVersion(driver.version));
  if (ordinal < 0 || ordinal >= count)
    fail("there is no GPU {}: this machine has {}, 0 to {}", ordinal, count,
         count - 1);
  driver.check(driver.cuDeviceGet(&device, ordinal),
               "the GPU cannot be opened");
  char text[256] = "";
  driver.check(driver.cuDeviceGetName(text, sizeof text, device),
               "the GPU has no name");
  name = text;
  major = attribute(computeCapabilityMajor);
  minor = attribute(computeCapabilityMinor);
  sharedBytes = attribute(maxSharedMemoryPerBlockOptin);
  driver.check(driver.cuDevicePrimaryCtxRetain(&context, device),
               "the GPU's context cannot be had");
}

Gpu::~Gpu() { driver.cuDevicePrimaryCtxRelease(device); }

std::string Gpu::describe() const {
  return fmt::format("{} (sm_{}{})", name, major, minor);
}

std::string Gpu::describeMemory() const {
  CurrentContext current(*this);
  size_t free = 0, total = 0;
  driver.check(driver.cuMemGetInfo(&free, &total),
               "the GPU's memory cannot be asked for");
  return fmt::format("{} of {} free", showBytes(static_cast<double>(free)),
                     showBytes(static_cast<double>(total)));
}

CurrentContext::CurrentContext(const Gpu &gpu) : gpu(gpu) {
  // What fails here fails again, and is reported, in the call it is made for.
  gpu.driver.cuCtxGetCurrent(&before);
  if (before != gpu.context)
    gpu.driver.cuCtxSetCurrent(gpu.context);
}

CurrentContext::~CurrentContext() {
  if (before != gpu.context)
    gpu.driver.cuCtxSetCurrent(before);
}

DeviceMemory tryAllocate(const std::shared_ptr<const Gpu> &gpu, int64_t bytes,
                         const char *what) {
  CurrentContext current(*gpu);
  DevicePointer address = 0;
  Result result =
      bytes < 0
          ? outOfMemory
          : gpu->driver.cuMemAlloc(
                &address, static_cast<size_t>(std::max<int64_t>(bytes, 1)));
  if (result == outOfMemory)
    return {};
  gpu->driver.check(result, what);
  auto release = [gpu](void *block) {
    CurrentContext current(*gpu);
    gpu->driver.cuMemFree(reinterpret_cast<DevicePointer>(block));
  };
  return {std::shared_ptr<void>(reinterpret_cast<void *>(address), release),
          bytes};
}

DeviceMemory allocate(const std::shared_ptr<const Gpu> &gpu, int64_t bytes,
                      const char *what) {
  DeviceMemory memory = tryAllocate(gpu, bytes, what);
  if (!memory.data())
    fail("{} for {} cannot be had on {}: {}",
         showBytes(static_cast<double>(bytes)), what, gpu->describe(),
         gpu->describeMemory());
  return memory;
}

DeviceMemory allocatePinned(const std::shared_ptr<const Gpu> &gpu,
                            int64_t bytes, const char *what) {
  CurrentContext current(*gpu);
  void *address = nullptr;
  Result result = gpu->driver.cuMemAllocHost(
      &address, static_cast<size_t>(std::max<int64_t>(bytes, 1)));
  if (result == outOfMemory)
    fail("{} of this machine's memory, page-locked, for {} cannot be had",
         showBytes(static_cast<double>(bytes)), what);
  gpu->driver.check(result, what);
  auto release = [gpu](void *block) {
    CurrentContext current(*gpu);
    gpu->driver.cuMemFreeHost(block);
  };
  return {std::shared_ptr<void>(address, release), bytes};
}

OwnStream::OwnStream(std::shared_ptr<const Gpu> onGpu) : gpu(std::move(onGpu)) {
  CurrentContext current(*gpu);
  gpu->driver.check(gpu->driver.cuStreamCreate(&stream, streamNonBlocking),
                    "a stream cannot be made");
}

OwnStream::~OwnStream() {
  CurrentContext current(*gpu);
  gpu->driver.cuStreamDestroy(stream);
}

EventMark::EventMark(std::shared_ptr<const Gpu> onGpu, bool timed)
    : gpu(std::move(onGpu)) {
  CurrentContext current(*gpu);
  gpu->driver.check(gpu->driver.cuEventCreate(
                        &event, timed ? eventDefault : eventDisableTiming),
                    "an event cannot be made");
}

EventMark::~EventMark() {
  CurrentContext current(*gpu);
  gpu->driver.cuEventDestroy(event);
}

void EventMark::record(Stream stream) {
  CurrentContext current(*gpu);
  gpu->driver.check(gpu->driver.cuEventRecord(event, stream),
                    "an event cannot be recorded");
}

void EventMark::wait() {
  CurrentContext current(*gpu);
  gpu->driver.check(gpu->driver.cuEventSynchronize(event),
                    "the GPU failed at its work");
}

double EventMark::secondsSince(const EventMark &begin) const {
  CurrentContext current(*gpu);
  float milliseconds = 0;
  gpu->driver.check(
      gpu->driver.cuEventElapsedTime(&milliseconds, begin.event, event),
      "the time between two events cannot be had");
  return milliseconds * 1e-3;
}

} // namespace dit::runtime::cuda
