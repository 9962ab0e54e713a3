// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The host executor's interface (test/simt/executor/Simt.h) on a GPU: a check
// of test/simt/checks that is linked with this instead runs the same kernels,
// on the same numbers, where they are meant for. Buffers are copied to the
// device before a launch and back after it, with watched bytes on both sides.
#include "GpuExecutor.h"

#include "Simt.h"
#include "runtime/Error.h"
#include "runtime/cuda/Driver.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

using namespace dit::runtime::cuda;

namespace {

constexpr size_t kWatched = 512; // bytes on each side
constexpr unsigned char kMark = 0xa5;

[[noreturn]] void die(const std::string &sentence) {
  printf("%s\n", sentence.c_str());
  fflush(stdout);
  _Exit(3);
}

/// The first GPU, and the cubin that lies beside the program under its name.
struct Gpu {
  const Driver &driver = Driver::get();
  Context context = nullptr;
  Stream stream = nullptr;
  Module module = nullptr;

  Gpu() {
    check(driver.cuDevicePrimaryCtxRetain(&context, 0), "a context");
    check(driver.cuCtxSetCurrent(context), "a context");
    check(driver.cuStreamCreate(&stream, streamNonBlocking), "a stream");
    auto path = std::filesystem::read_symlink("/proc/self/exe");
    path += ".cubin";
    std::ifstream file(path, std::ios::binary);
    std::string cubin(std::istreambuf_iterator<char>(file), {});
    if (cubin.empty())
      die(path.string() + ": cannot be read");
    check(driver.cuModuleLoadData(&module, cubin.data()), path.c_str());
  }
  ~Gpu() {
    driver.cuModuleUnload(module);
    driver.cuStreamDestroy(stream);
    driver.cuDevicePrimaryCtxRelease(0);
  }
  void check(Result result, const char *what) const {
    if (result != success)
      die(std::string(what) + ": " + driver.describe(result));
  }
  void synchronize(const char *what) const {
    check(driver.cuStreamSynchronize(stream), what);
  }
};

const Gpu &device() {
  try {
    static const Gpu one;
    return one;
  } catch (const dit::runtime::Error &error) {
    die(error.what());
  }
}

std::map<const simt::Region *, DevicePointer> copies; ///< with the bytes before
const simt::LaunchShape *shapeNow = nullptr;
const char *lastKernel = "";

void upload(const simt::Region &region, DevicePointer at) {
  const Gpu &gpu = device();
  gpu.check(gpu.driver.cuMemsetD8Async(at, kMark, region.size() + 2 * kWatched,
                                       gpu.stream),
            "watched bytes");
  gpu.check(gpu.driver.cuMemcpyHtoDAsync(at + kWatched, region.data(),
                                         region.size(), gpu.stream),
            "an upload");
}

void download(const simt::Region &region, DevicePointer at) {
  const Gpu &gpu = device();
  std::string whole(region.size() + 2 * kWatched, 0);
  gpu.check(
      gpu.driver.cuMemcpyDtoHAsync(whole.data(), at, whole.size(), gpu.stream),
      "a download");
  gpu.synchronize("a download");
  const std::string mark(kWatched, static_cast<char>(kMark));
  if (whole.compare(0, kWatched, mark) ||
      whole.compare(kWatched + region.size(), kWatched, mark))
    die(std::string(lastKernel) + ": writes outside of '" + region.name + "'");
  memcpy(region.data(), whole.data() + kWatched, region.size());
}

} // namespace

namespace simt {

std::string Schedule::name() const { return "the GPU's own order"; }
std::vector<Schedule> allSchedules() { return {Schedule{}}; }
std::vector<Schedule> fewSchedules() { return {Schedule{}}; }

Region::Region(std::string name, size_t bytes, size_t)
    : name(std::move(name)), bytes(bytes), mappedBytes(bytes),
      mapped(new unsigned char[bytes]), begin(mapped) {
  memset(begin, 0xff, bytes); // NaN until written
  const Gpu &gpu = device();
  DevicePointer at = 0;
  gpu.check(gpu.driver.cuMemAlloc(&at, bytes + 2 * kWatched), "memory");
  copies[this] = at;
}

Region::~Region() {
  device().driver.cuMemFree(copies[this]);
  copies.erase(this);
  delete[] mapped;
}

void Region::checkSlack() const {} // every download does

void launch(const LaunchShape &shape, const Schedule &,
            const std::function<void()> &kernel) {
  for (auto [region, at] : copies)
    upload(*region, at);
  shapeNow = &shape;
  kernel();
  for (auto [region, at] : copies)
    download(*region, at);
}

void encodeTensorMap(void *map, const void *base, uint64_t columns,
                     uint64_t rows, uint64_t rowBytes, unsigned boxColumns,
                     unsigned boxRows, unsigned swizzle) {
  const Gpu &gpu = device();
  TensorMap made;
  const uint64_t sizes[] = {columns, rows}, strides[] = {rowBytes};
  const uint32_t box[] = {boxColumns, boxRows}, steps[] = {1, 1};
  const int pattern = swizzle == 128  ? swizzle128B
                      : swizzle == 64 ? swizzle64B
                      : swizzle == 32 ? swizzle32B
                                      : swizzleNone;
  gpu.check(gpu.driver.cuTensorMapEncodeTiled(
                &made, tensorMapBfloat16, 2,
                reinterpret_cast<void *>(gpu::onDevice(base)), sizes, strides,
                box, steps, interleaveNone, pattern, l2Promotion256B,
                outOfBoundsZero),
            "a tensor map");
  memcpy(map, &made, sizeof made);
}

} // namespace simt

namespace gpu {

uint64_t onDevice(const void *host) {
  if (!host)
    return 0;
  const auto *address = static_cast<const unsigned char *>(host);
  for (auto [region, at] : copies)
    if (address >= region->data() && address < region->data() + region->size())
      return at + kWatched + (address - region->data());
  die("a kernel is given an address outside of all buffers");
}

void launch(const char *kernel, void **parameters) {
  const Gpu &gpu = device();
  const simt::LaunchShape &shape = *shapeNow;
  lastKernel = kernel;
  Function function = nullptr;
  gpu.check(gpu.driver.cuModuleGetFunction(&function, gpu.module, kernel),
            kernel);
  gpu.check(gpu.driver.cuFuncSetAttribute(function, maxDynamicSharedSizeBytes,
                                          static_cast<int>(shape.sharedBytes)),
            kernel);
  auto launchOnce = [&] {
    gpu.check(gpu.driver.cuLaunchKernel(
                  function, shape.grid.x, shape.grid.y, shape.grid.z,
                  shape.block.x, shape.block.y, shape.block.z,
                  static_cast<unsigned>(shape.sharedBytes), gpu.stream,
                  parameters, nullptr),
              kernel);
  };
  launchOnce();
  gpu.synchronize(kernel);
  // Once more in a row, to be timed.
  const char *repeat = std::getenv("DIT_GPU_REPEAT");
  const int count = repeat ? std::atoi(repeat) : 0;
  if (count <= 0)
    return;
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < count; ++i)
    launchOnce();
  gpu.synchronize(kernel);
  const std::chrono::duration<double, std::micro> took =
      std::chrono::steady_clock::now() - begin;
  printf("%s: %.2f us a launch of %d\n", kernel, took.count() / count, count);
}

} // namespace gpu
