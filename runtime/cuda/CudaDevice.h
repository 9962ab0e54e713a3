// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A GPU as a device: the services a CUDA artifact calls (DitHost), by which its
// functions enqueue their kernels.
#ifndef DIT_RUNTIME_CUDA_CUDADEVICE_H
#define DIT_RUNTIME_CUDA_CUDADEVICE_H

#include "runtime/Device.h"
#include "runtime/cuda/DeviceWeights.h"
#include "runtime/cuda/Kernels.h"
#include "runtime/cuda/Matmuls.h"
#include "runtime/cuda/Staging.h"

#include <exception>

namespace dit::runtime::cuda {

class CudaDevice : public Device {
public:
  /// `model` must fit the GPU (Alternatives.h).
  CudaDevice(const Alternative &model, std::shared_ptr<const Gpu> gpu,
             const DeviceOptions &options);
  ~CudaDevice() override;

  const DitHost &host() const override { return services; }
  bool isHost() const override { return false; }
  std::string describe() const override { return processor->describe(); }
  std::string describeMemory() const override {
    return processor->describeMemory();
  }
  DeviceMemory allocate(int64_t bytes, const char *what) override;
  DeviceMemory allocateShared(int64_t bytes, const char *what) override {
    return cuda::allocate(processor, bytes, what);
  }
  void upload(void *to, const void *from, int64_t bytes) override;
  void download(void *to, const void *from, int64_t bytes) override;
  void copy(void *to, const void *from, int64_t bytes) override;
  void synchronize() override;
  void bindWeights(WeightSource *source) override;
  void enter(FunctionIndex function, int64_t rows) override;
  void leave() override;
  void settle(FunctionIndex function, int64_t rows) override;
  std::unique_ptr<Recording> record(std::function<void()> work) override;
  std::unique_ptr<Device> beside(const Alternative &model,
                                 const DeviceOptions &options) const override;
  void startProfile() override;
  void stopProfile() override { profiling = false; }

  const std::shared_ptr<const Gpu> &gpu() const { return processor; }
  const Kernels &kernels() const { return code; }
  /// Where everything is enqueued now: the caller's or an own stream, another
  /// while work is recorded.
  Stream stream() const { return current; }
  /// From page-locked memory, which must stay as it is until the copy is done.
  void uploadPinned(void *to, const void *from, int64_t bytes);
  /// Fills with zeros.
  void clear(void *at, int64_t bytes);

private:
  static void launch(void *context, const DitLaunch *launch);
  static const float *weight(void *context, int32_t index);
  static void release(void *context, int32_t index);
  /// Runs `work`, unless something failed before it, and keeps what it throws.
  template <typename F> void keepFailure(F work);
  void start(const DitLaunch &launch);
  void run(const KernelEntry &entry, const DitLaunch &launch);
  void addTimes();

  /// A launch between two points in time, of a profile.
  struct TimedLaunch {
    FunctionIndex function;
    int32_t kernel;
    size_t begin, end; ///< into marks
  };

  std::shared_ptr<const Gpu> processor;
  std::shared_ptr<OwnStream> own; ///< shared by the memory made with it
  Stream ordinary;                ///< the caller's, else own
  Stream current;
  Staging staging;
  Kernels code;
  std::unique_ptr<Matmuls> matmuls; ///< null where no kernel asks for them
  std::unique_ptr<DeviceWeights> weights;
  DitHost services;
  FunctionIndex running = 0;
  std::exception_ptr failure;
  bool profiling = false;
  std::vector<TimedLaunch> timed;
  std::vector<std::unique_ptr<EventMark>> marks;
  size_t marksUsed = 0;
};

/// The GPU of `options` with the alternative of `artifact` that runs best on
/// it. Throws an Error that names both when none fits.
std::unique_ptr<CudaDevice> openCudaDevice(const Artifact &artifact,
                                           const DeviceOptions &options);

} // namespace dit::runtime::cuda

#endif // DIT_RUNTIME_CUDA_CUDADEVICE_H
