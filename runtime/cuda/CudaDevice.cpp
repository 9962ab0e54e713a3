// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// DitHost's functions are called from generated code, through which no
// exception may pass: they keep it for leave().
#include "runtime/cuda/CudaDevice.h"

#include "runtime/Error.h"

#include <cmath>
#include <utility>

namespace dit::runtime::cuda {

static bool asksForMatmuls(const Manifest &manifest) {
  for (const FunctionEntry &function : manifest.functions)
    for (const KernelEntry &kernel : function.kernels)
      if (kernel.cublasLt)
        return true;
  return false;
}

CudaDevice::CudaDevice(const Alternative &model,
                       std::shared_ptr<const Gpu> onGpu,
                       const DeviceOptions &options)
    : Device(model, options.threads), processor(std::move(onGpu)),
      own(std::make_shared<OwnStream>(processor)),
      ordinary(options.stream ? static_cast<Stream>(options.stream)
                              : own->get()),
      current(ordinary), staging(processor), code(processor, model) {
  if (asksForMatmuls(manifest()))
    matmuls = makeMatmuls(processor, ordinary, options.notice);
  services = {this,
              launch,
              weight,
              release,
              [](double x) { return std::sin(x); },
              [](double x) { return std::cos(x); }};
}

CudaDevice::~CudaDevice() {
  CurrentContext context(*processor);
  processor->driver.cuStreamSynchronize(ordinary);
}

std::unique_ptr<Device> CudaDevice::beside(const Alternative &model,
                                           const DeviceOptions &options) const {
  if (options.device && *options.device != processor->ordinal)
    failFlag("the packed weights are in the memory of GPU {}, but --device is "
             "{}",
             processor->ordinal, *options.device);
  return std::make_unique<CudaDevice>(model, processor, options);
}

DeviceMemory CudaDevice::allocate(int64_t bytes, const char *what) {
  DeviceMemory memory = cuda::allocate(processor, bytes, what);
  // What is enqueued may still use it when it is freed.
  auto release = [memory, gpu = processor, own = own,
                  stream = ordinary](void *) {
    CurrentContext context(*gpu);
    gpu->driver.cuStreamSynchronize(stream);
  };
  return {std::shared_ptr<void>(memory.data(), std::move(release)), bytes};
}

void CudaDevice::upload(void *to, const void *from, int64_t bytes) {
  staging.upload(to, from, bytes, current);
}

void CudaDevice::download(void *to, const void *from, int64_t bytes) {
  staging.download(to, from, bytes, current);
}

void CudaDevice::copy(void *to, const void *from, int64_t bytes) {
  CurrentContext context(*processor);
  processor->driver.check(
      processor->driver.cuMemcpyDtoDAsync(reinterpret_cast<DevicePointer>(to),
                                          reinterpret_cast<DevicePointer>(from),
                                          static_cast<size_t>(bytes), current),
      "a copy on the GPU failed");
}

void CudaDevice::uploadPinned(void *to, const void *from, int64_t bytes) {
  CurrentContext context(*processor);
  processor->driver.check(processor->driver.cuMemcpyHtoDAsync(
                              reinterpret_cast<DevicePointer>(to), from,
                              static_cast<size_t>(bytes), current),
                          "a copy to the GPU failed");
}

void CudaDevice::clear(void *at, int64_t bytes) {
  CurrentContext context(*processor);
  processor->driver.check(
      processor->driver.cuMemsetD8Async(reinterpret_cast<DevicePointer>(at), 0,
                                        static_cast<size_t>(bytes), current),
      "memory of the GPU cannot be cleared");
}

void CudaDevice::synchronize() {
  CurrentContext context(*processor);
  processor->driver.check(processor->driver.cuStreamSynchronize(ordinary),
                          "the GPU failed at its work");
}

void CudaDevice::bindWeights(WeightSource *source) {
  if (!source) {
    synchronize();
    weights.reset();
    return;
  }
  weights = std::make_unique<DeviceWeights>(
      processor, *source, manifest().weights, staging, ordinary);
}

void CudaDevice::settle(FunctionIndex function, int64_t rows) {
  if (!matmuls)
    return;
  std::vector<const CublasLtEntry *> entries;
  for (const KernelEntry &kernel : manifest().functions[function].kernels)
    if (kernel.cublasLt)
      entries.push_back(&*kernel.cublasLt);
  matmuls->choose(entries, rows);
}

void CudaDevice::enter(FunctionIndex function, int64_t) {
  running = function;
  failure = nullptr;
}

void CudaDevice::leave() {
  if (profiling)
    addTimes();
  if (failure)
    std::rethrow_exception(std::exchange(failure, nullptr));
}

template <typename F> void CudaDevice::keepFailure(F work) {
  if (failure)
    return;
  try {
    work();
  } catch (...) {
    failure = std::current_exception();
  }
}

void CudaDevice::launch(void *context, const DitLaunch *launch) {
  auto &device = *static_cast<CudaDevice *>(context);
  device.keepFailure([&] { device.start(*launch); });
}

const float *CudaDevice::weight(void *context, int32_t index) {
  auto &device = *static_cast<CudaDevice *>(context);
  const void *address = nullptr;
  device.keepFailure([&] {
    if (device.weights)
      address = device.weights->read(index);
  });
  return static_cast<const float *>(address);
}

void CudaDevice::release(void *context, int32_t index) {
  auto &device = *static_cast<CudaDevice *>(context);
  device.keepFailure([&] {
    if (device.weights)
      device.weights->release(index);
  });
}

void CudaDevice::start(const DitLaunch &launch) {
  const std::vector<KernelEntry> &list = manifest().functions[running].kernels;
  if (launch.kernel < 0 || static_cast<size_t>(launch.kernel) >= list.size())
    fail("damaged: the code launches kernel {} of {}", launch.kernel,
         list.size());
  const KernelEntry &entry = list[static_cast<size_t>(launch.kernel)];
  CurrentContext context(*processor);
  if (!profiling) {
    run(entry, launch);
    return;
  }
  while (marks.size() < marksUsed + 2)
    marks.push_back(std::make_unique<EventMark>(processor, /*timed=*/true));
  marks[marksUsed]->record(current);
  run(entry, launch);
  marks[marksUsed + 1]->record(current);
  timed.push_back({running, launch.kernel, marksUsed, marksUsed + 1});
  marksUsed += 2;
}

void CudaDevice::run(const KernelEntry &entry, const DitLaunch &launch) {
  if (entry.launch)
    code.launch(*entry.launch, launch.operands, launch.rows, current);
  else
    matmuls->run(*entry.cublasLt, launch.operands, launch.rows, current);
}

void CudaDevice::startProfile() {
  profiling = true;
  clearProfile();
}

void CudaDevice::addTimes() {
  if (marksUsed > 0)
    marks[marksUsed - 1]->wait();
  for (const TimedLaunch &launch : timed)
    addSeconds(launch.function, launch.kernel,
               marks[launch.end]->secondsSince(*marks[launch.begin]));
  timed.clear();
  marksUsed = 0;
}

namespace {

/// A graph that is ready to be launched into one stream.
class CudaRecording : public Recording {
public:
  CudaRecording(std::shared_ptr<const Gpu> gpu, Graph graph, Stream stream)
      : gpu(std::move(gpu)), stream(stream) {
    const Driver &driver = this->gpu->driver;
    Result result = driver.cuGraphInstantiate(&exec, graph, 0);
    driver.cuGraphDestroy(graph);
    driver.check(result, "a graph of kernels cannot be made");
  }
  ~CudaRecording() override {
    CurrentContext context(*gpu);
    gpu->driver.cuGraphExecDestroy(exec);
  }

  void run() override {
    CurrentContext context(*gpu);
    gpu->driver.check(gpu->driver.cuGraphLaunch(exec, stream),
                      "a graph of kernels cannot be launched");
  }

  double time() override {
    if (!begin) {
      begin = std::make_unique<EventMark>(gpu, /*timed=*/true);
      end = std::make_unique<EventMark>(gpu, /*timed=*/true);
    }
    begin->record(stream);
    run();
    end->record(stream);
    end->wait();
    return end->secondsSince(*begin);
  }

private:
  std::shared_ptr<const Gpu> gpu;
  Stream stream;
  GraphExec exec = nullptr;
  std::unique_ptr<EventMark> begin, end;
};

} // namespace

std::unique_ptr<Recording> CudaDevice::record(std::function<void()> work) {
  CurrentContext context(*processor);
  const Driver &driver = processor->driver;
  // In the device's own stream: the caller's may be one that cannot be
  // captured.
  driver.check(driver.cuStreamBeginCapture(own->get(), captureModeRelaxed),
               "kernels cannot be recorded");
  bool wasProfiling = std::exchange(profiling, false);
  std::exception_ptr problem;
  current = own->get();
  try {
    work();
  } catch (...) {
    problem = std::current_exception();
  }
  current = ordinary;
  profiling = wasProfiling;
  Graph graph = nullptr;
  Result result = driver.cuStreamEndCapture(own->get(), &graph);
  if (problem) {
    if (result == success)
      driver.cuGraphDestroy(graph);
    std::rethrow_exception(problem);
  }
  driver.check(result, "kernels cannot be recorded");
  return std::make_unique<CudaRecording>(processor, graph, ordinary);
}

} // namespace dit::runtime::cuda
