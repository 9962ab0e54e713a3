// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One GPU: its context, its memory, and the objects of the driver with an end
// to their lives.
#ifndef DIT_RUNTIME_CUDA_GPU_H
#define DIT_RUNTIME_CUDA_GPU_H

#include "runtime/Device.h"
#include "runtime/cuda/Driver.h"

#include <string>

namespace dit::runtime::cuda {

/// A GPU with its primary context, which is shared with everything else in the
/// process that uses CUDA on it.
class Gpu {
public:
  /// GPU number `ordinal` of those that the driver shows. Throws an Error that
  /// says how many there are when there is no such GPU.
  explicit Gpu(int ordinal);
  ~Gpu();
  Gpu(const Gpu &) = delete;
  Gpu &operator=(const Gpu &) = delete;

  const Driver &driver;
  const int ordinal;
  DeviceOrdinal device = 0;
  Context context = nullptr;
  std::string name;         ///< "NVIDIA H100 80GB HBM3"
  int major = 0, minor = 0; ///< compute capability
  int sharedBytes = 0;      ///< that a block can be given

  /// "NVIDIA H100 80GB HBM3 (sm_90)".
  std::string describe() const;
  /// "3.2 GB of 85 GB free".
  std::string describeMemory() const;

private:
  int attribute(int number) const;
};

/// Makes a GPU's context the thread's for as long as it lives.
class CurrentContext {
public:
  explicit CurrentContext(const Gpu &gpu);
  ~CurrentContext();
  CurrentContext(const CurrentContext &) = delete;
  CurrentContext &operator=(const CurrentContext &) = delete;

private:
  const Gpu &gpu;
  Context before = nullptr;
};

/// Memory of `gpu`, which lives at least as long. Throws an Error that says how
/// much was wanted for `what` and how much there is. 0 bytes have an address,
/// too.
DeviceMemory allocate(const std::shared_ptr<const Gpu> &gpu, int64_t bytes,
                      const char *what);
/// The same, but without an address where the GPU has too little.
DeviceMemory tryAllocate(const std::shared_ptr<const Gpu> &gpu, int64_t bytes,
                         const char *what);
/// Page-locked memory of the host, which the GPU reads and writes by itself.
DeviceMemory allocatePinned(const std::shared_ptr<const Gpu> &gpu,
                            int64_t bytes, const char *what);

/// A stream of `gpu`, which does not wait for the default stream.
class OwnStream {
public:
  explicit OwnStream(std::shared_ptr<const Gpu> gpu);
  ~OwnStream();
  OwnStream(const OwnStream &) = delete;
  OwnStream &operator=(const OwnStream &) = delete;
  Stream get() const { return stream; }

private:
  std::shared_ptr<const Gpu> gpu;
  Stream stream = nullptr;
};

/// A point in a stream. One that keeps no time is cheaper.
class EventMark {
public:
  explicit EventMark(std::shared_ptr<const Gpu> gpu, bool timed = false);
  ~EventMark();
  EventMark(const EventMark &) = delete;
  EventMark &operator=(const EventMark &) = delete;

  /// Sets it to where `stream` is now.
  void record(Stream stream);
  /// Waits until the stream has come there; at once when it was never set.
  void wait();
  /// Seconds from `begin` to here; both timed, and waited for.
  double secondsSince(const EventMark &begin) const;

private:
  std::shared_ptr<const Gpu> gpu;
  Event event = nullptr;
};

} // namespace dit::runtime::cuda

#endif // DIT_RUNTIME_CUDA_GPU_H
