// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The services a CPU artifact calls (DitHost), on a thread pool, and the time
// its kernels take.
#ifndef DIT_RUNTIME_CPU_CPUDEVICE_H
#define DIT_RUNTIME_CPU_CPUDEVICE_H

#include "runtime/Device.h"
#include "runtime/Memory.h"

namespace dit::runtime {

/// Does everything at once: what it is asked for is done on return.
class CpuDevice : public Device {
public:
  /// Workers, each with its own scratch. Throws a FlagError for options that
  /// are a GPU's.
  CpuDevice(const Alternative &model, const DeviceOptions &options);

  const DitHost &host() const override { return services; }
  bool isHost() const override { return true; }
  std::string describe() const override { return ""; }
  std::string describeMemory() const override { return ""; }
  DeviceMemory allocate(int64_t bytes, const char *what) override;
  DeviceMemory allocateShared(int64_t bytes, const char *what) override {
    return allocate(bytes, what);
  }
  void upload(void *to, const void *from, int64_t bytes) override;
  void download(void *to, const void *from, int64_t bytes) override;
  void copy(void *to, const void *from, int64_t bytes) override;
  void synchronize() override {}
  void bindWeights(WeightSource *source) override { weights = source; }
  void enter(FunctionIndex function, int64_t) override { running = function; }
  void leave() override {}
  void settle(FunctionIndex, int64_t) override {}
  std::unique_ptr<Recording> record(std::function<void()> work) override;
  std::unique_ptr<Device> beside(const Alternative &model,
                                 const DeviceOptions &options) const override;
  void startProfile() override;
  void stopProfile() override { profiling = false; }

private:
  static void launch(void *context, const DitLaunch *launch);
  static const float *weight(void *context, int32_t index);
  static void release(void *context, int32_t index);

  std::vector<Memory> scratch; ///< by worker
  DitHost services;
  WeightSource *weights = nullptr;
  FunctionIndex running = 0;
  bool profiling = false;
};

} // namespace dit::runtime

#endif // DIT_RUNTIME_CPU_CPUDEVICE_H
