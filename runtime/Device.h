// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where a model's memory is and where its kernels run: this machine's CPU
// (cpu/CpuDevice.h) or a GPU (cuda/CudaDevice.h).
#ifndef DIT_RUNTIME_DEVICE_H
#define DIT_RUNTIME_DEVICE_H

#include "runtime/Artifact.h"
#include "runtime/cpu/ThreadPool.h"

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace dit::runtime {

class WeightSource;

/// Which of manifest.functions is running; a launch's kernel counts in its
/// list.
using FunctionIndex = size_t;

/// Memory of a device, which is freed with the last copy of this object.
class DeviceMemory {
public:
  DeviceMemory() = default;
  DeviceMemory(std::shared_ptr<void> address, int64_t bytes)
      : address(std::move(address)), size(bytes) {}

  void *data() const { return address.get(); }
  template <typename T> T *as() const { return static_cast<T *>(data()); }
  int64_t bytes() const { return size; }

private:
  std::shared_ptr<void> address;
  int64_t size = 0;
};

/// Work of a device that can be run again and again.
class Recording {
public:
  virtual ~Recording() = default;
  /// Enqueues it.
  virtual void run() = 0;
  /// Runs it alone and waits; the seconds that it took on the device.
  virtual double time() = 0;
};

struct DeviceOptions {
  int threads = 1; ///< of the host
  /// Of x; the artifact's default when empty.
  std::optional<Resolution> size = {};
  std::optional<int> device = {}; ///< number of the GPU, 0 when empty
  /// A CUstream of the caller's, in the primary context of that GPU; null for
  /// one of the device's own. Outlives the device.
  void *stream = nullptr;
  /// The batch to be fast for, where an artifact has the model made in more
  /// than one way.
  int64_t rows = 1;
  /// Told what a user should know and need not act on; may be empty.
  std::function<void(const std::string &)> notice = {};
};

/// A device that runs one alternative of an artifact. What it is asked to do
/// happens in the order in which it was asked, and may be done later: until
/// synchronize() or a download, nothing of it need have happened. Used by one
/// thread at a time. Everything throws an Error.
class Device {
public:
  Device(const Alternative &model, int threads)
      : model(model), hostThreads(threads),
        seconds(model.manifest.functions.size()) {}
  virtual ~Device() = default;
  Device(const Device &) = delete;
  Device &operator=(const Device &) = delete;

  const Manifest &manifest() const { return model.manifest; }
  /// What the artifact answers to a call of one of its functions. Between
  /// enter() and leave().
  DitStatus call(FunctionIndex function, const DitCall &call) const {
    return model.functions->functions[function](&call);
  }
  /// The host's threads.
  ThreadPool &pool() { return hostThreads; }

  /// What the artifact's functions call. Valid for the device's life.
  virtual const DitHost &host() const = 0;
  /// Whether its memory is the host's, so that nothing need be copied.
  virtual bool isHost() const = 0;
  /// "NVIDIA H100 80GB HBM3 (sm_90)"; "" for the host.
  virtual std::string describe() const = 0;
  /// "80 GB of 85 GB free"; "" for the host.
  virtual std::string describeMemory() const = 0;

  /// `bytes` aligned to 64 at least. Throws an Error that says how much was
  /// wanted for `what`, and how much there is.
  virtual DeviceMemory allocate(int64_t bytes, const char *what) = 0;
  /// The same, for devices that are beside() one another, in any order of their
  /// ends: whoever drops it last must have let its own device go before.
  virtual DeviceMemory allocateShared(int64_t bytes, const char *what) = 0;
  /// From the host; `from` is free again on return.
  virtual void upload(void *to, const void *from, int64_t bytes) = 0;
  /// To the host; done on return.
  virtual void download(void *to, const void *from, int64_t bytes) = 0;
  virtual void copy(void *to, const void *from, int64_t bytes) = 0;
  /// Waits for everything.
  virtual void synchronize() = 0;

  /// Where a function that reads weights has them from; null again after it.
  virtual void bindWeights(WeightSource *source) = 0;
  /// Before a function of the artifact is called; `rows` is its batch, 1 for
  /// what runs once a load.
  virtual void enter(FunctionIndex function, int64_t rows) = 0;
  /// After it. Throws what went wrong in its launches, through which no
  /// exception may pass.
  virtual void leave() = 0;
  /// Settles what enter() would have to for `rows`, so that the function can be
  /// recorded.
  virtual void settle(FunctionIndex function, int64_t rows) = 0;
  /// What `work`, which only enqueues, does.
  virtual std::unique_ptr<Recording> record(std::function<void()> work) = 0;

  /// A device that runs another alternative of the same artifact with the same
  /// memory, on the same GPU; `options` say its threads and stream. The two may
  /// be used by two threads at once and end in any order. Throws a FlagError
  /// for a GPU that is not this one, or for any of a device that has none.
  virtual std::unique_ptr<Device>
  beside(const Alternative &model, const DeviceOptions &options) const = 0;

  /// Starts to add up the time of each kernel, from zero.
  virtual void startProfile() = 0;
  virtual void stopProfile() = 0;
  /// Seconds spent in each kernel of `function` while there was a profile, by
  /// index.
  const std::vector<double> &profile(FunctionIndex function) const {
    return seconds[function];
  }

protected:
  /// Adds to the profile.
  void addSeconds(FunctionIndex function, int32_t kernel, double spent);
  void clearProfile();

private:
  const Alternative &model;
  ThreadPool hostThreads;
  std::vector<std::vector<double>> seconds; // by function, kernel
};

/// The device that `artifact` is compiled for, with the alternative of the size
/// asked for that runs best on it. Throws an Error where there is none, a
/// FlagError for options that such a device or `artifact` does not have.
/// `artifact` must outlive the device.
std::unique_ptr<Device> openDevice(const Artifact &artifact,
                                   const DeviceOptions &options);

} // namespace dit::runtime

#endif // DIT_RUNTIME_DEVICE_H
