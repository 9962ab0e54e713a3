// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// DitHost's functions. They are called from generated code, through which no
// exception may pass.
#include "runtime/cpu/CpuDevice.h"

#include "runtime/Weights.h"

#include <chrono>
#include <cmath>

namespace dit::runtime {

CpuDevice::CpuDevice(int threadCount, int64_t scratchBytes)
    : threads(threadCount) {
  for (int i = 0; i < threadCount; ++i)
    scratch.emplace_back(scratchBytes, "a thread's scratch");
  services = {this,
              launch,
              weight,
              release,
              [](double x) { return std::sin(x); },
              [](double x) { return std::cos(x); }};
}

void CpuDevice::startProfile() {
  profiling = true;
  for (auto &list : seconds)
    list.clear();
}

void CpuDevice::launch(void *context, const DitLaunch *launch) {
  auto &device = *static_cast<CpuDevice *>(context);
  using Clock = std::chrono::steady_clock;
  Clock::time_point begin;
  if (device.profiling)
    begin = Clock::now();
  device.threads.run(launch->units,
                     [&](int worker, int64_t first, int64_t end) {
                       launch->task(launch->operands, launch->rows, first, end,
                                    device.scratch[worker].data());
                     });
  if (!device.profiling || launch->kernel < 0)
    return;
  auto &list = device.seconds[static_cast<int>(device.running)];
  auto index = static_cast<size_t>(launch->kernel);
  if (index >= list.size())
    list.resize(index + 1);
  list[index] += std::chrono::duration<double>(Clock::now() - begin).count();
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
