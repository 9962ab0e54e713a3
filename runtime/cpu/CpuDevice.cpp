// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// DitHost's functions. They are called from generated code, through which no
// exception may pass.
#include "runtime/cpu/CpuDevice.h"

#include "runtime/Error.h"
#include "runtime/Weights.h"

#include <chrono>
#include <cmath>
#include <cstring>

namespace dit::runtime {

CpuDevice::CpuDevice(const Alternative &model, const DeviceOptions &options)
    : Device(model, options.threads) {
  const std::string target = inQuotes(model.manifest.target);
  if (options.device)
    failFlag("--device {} is a GPU's, but the model is compiled for the target "
             "{}",
             *options.device, target);
  if (options.stream)
    failFlag("a stream is a GPU's, but the model is compiled for the target {}",
             target);
  for (int i = 0; i < options.threads; ++i)
    scratch.emplace_back(manifest().memory.scratch, "a thread's scratch");
  services = {this,
              launch,
              weight,
              release,
              [](double x) { return std::sin(x); },
              [](double x) { return std::cos(x); }};
}

DeviceMemory CpuDevice::allocate(int64_t bytes, const char *what) {
  auto memory = std::make_shared<Memory>(bytes, what);
  return {std::shared_ptr<void>(memory, memory->data()), bytes};
}

void CpuDevice::upload(void *to, const void *from, int64_t bytes) {
  copy(to, from, bytes);
}

void CpuDevice::download(void *to, const void *from, int64_t bytes) {
  copy(to, from, bytes);
}

void CpuDevice::copy(void *to, const void *from, int64_t bytes) {
  std::memcpy(to, from, static_cast<size_t>(bytes));
}

namespace {

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

class CpuRecording : public Recording {
public:
  explicit CpuRecording(std::function<void()> work) : work(std::move(work)) {}
  void run() override { work(); }
  double time() override {
    auto begin = Clock::now();
    work();
    return secondsSince(begin);
  }

private:
  std::function<void()> work;
};

} // namespace

std::unique_ptr<Recording> CpuDevice::record(std::function<void()> work) {
  return std::make_unique<CpuRecording>(std::move(work));
}

std::unique_ptr<Device> CpuDevice::beside(const Alternative &model,
                                          const DeviceOptions &options) const {
  return std::make_unique<CpuDevice>(model, options);
}

void CpuDevice::startProfile() {
  profiling = true;
  clearProfile();
}

void CpuDevice::launch(void *context, const DitLaunch *launch) {
  auto &device = *static_cast<CpuDevice *>(context);
  Clock::time_point begin;
  if (device.profiling)
    begin = Clock::now();
  device.pool().run(launch->units, [&](int worker, int64_t first, int64_t end) {
    launch->task(launch->operands, launch->rows, first, end,
                 device.scratch[worker].data());
  });
  if (device.profiling && launch->kernel >= 0)
    device.addSeconds(device.running, launch->kernel, secondsSince(begin));
}

const float *CpuDevice::weight(void *context, int32_t index) {
  auto &device = *static_cast<CpuDevice *>(context);
  return device.weights ? device.weights->read(index) : nullptr;
}

void CpuDevice::release(void *context, int32_t index) {
  auto &device = *static_cast<CpuDevice *>(context);
  if (device.weights)
    device.weights->release(index);
}

} // namespace dit::runtime
