// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/cuda/Kernels.h"

#include "runtime/Error.h"

#include <array>
#include <charconv>

namespace dit::runtime::cuda {

/// What a block has without being asked for more.
static constexpr int64_t ordinarySharedBytes = 48 << 10;
/// Operands, tensor maps and the batch of one kernel.
static constexpr size_t mostParameters = 65;
static constexpr size_t mostTensorMaps = 8;

/// A driver takes the code of its own major version and of those before it.
static void checkVersion(const Driver &driver, const Manifest &manifest) {
  int major = 0;
  const std::string &nvrtc = manifest.nvrtc;
  std::from_chars(nvrtc.data(), nvrtc.data() + nvrtc.size(), major);
  if (driver.version / 1000 < major)
    fail("the NVIDIA driver is too old: it speaks CUDA {}, the model's kernels "
         "were compiled by CUDA {}",
         showCudaVersion(driver.version), nvrtc);
}

Kernels::Kernels(std::shared_ptr<const Gpu> onGpu, const Alternative &model)
    : gpu(std::move(onGpu)) {
  CurrentContext current(*gpu);
  const Driver &driver = gpu->driver;
  checkVersion(driver, model.manifest);
  Result result = driver.cuModuleLoadData(&module, model.functions->code);
  if (result != success)
    fail("the NVIDIA driver of CUDA {} does not take the model's kernels for "
         "{}, compiled by CUDA {}: {}",
         showCudaVersion(driver.version), model.manifest.arch,
         model.manifest.nvrtc, driver.describe(result));
  try {
    for (const FunctionEntry &function : model.manifest.functions)
      for (const KernelEntry &kernel : function.kernels)
        if (kernel.launch)
          find(*kernel.launch);
    if (model.manifest.step)
      find(*model.manifest.step);
  } catch (...) {
    driver.cuModuleUnload(module);
    throw;
  }
}

Kernels::~Kernels() {
  CurrentContext current(*gpu);
  gpu->driver.cuModuleUnload(module);
}

void Kernels::find(const LaunchEntry &entry) {
  const Driver &driver = gpu->driver;
  auto [it, isNew] = functions.try_emplace(entry.function, nullptr);
  if (isNew) {
    Result result =
        driver.cuModuleGetFunction(&it->second, module, entry.function.c_str());
    if (result != success)
      fail("damaged: the manifest names the kernel {}, which the code does not "
           "have: {}",
           inQuotes(entry.function), driver.describe(result));
  }
  if (entry.operands + 1 > static_cast<int64_t>(mostParameters) ||
      entry.tensorMaps.size() > mostTensorMaps)
    fail("damaged: the kernel {} has {} operands and {} tensor maps, more than "
         "{} and {}",
         inQuotes(entry.function), entry.operands, entry.tensorMaps.size(),
         mostParameters - 1, mostTensorMaps);
  if (entry.sharedBytes > gpu->sharedBytes)
    fail("the kernel {} needs {} bytes of shared memory, {} has {}",
         inQuotes(entry.function), entry.sharedBytes, gpu->describe(),
         gpu->sharedBytes);
  if (entry.sharedBytes > ordinarySharedBytes)
    driver.check(driver.cuFuncSetAttribute(it->second,
                                           maxDynamicSharedSizeBytes,
                                           static_cast<int>(entry.sharedBytes)),
                 "a kernel's shared memory cannot be had");
}

TensorMap Kernels::encode(const TensorMapEntry &entry, void *address,
                          int64_t rows) const {
  TensorMap map;
  uint64_t dims[] = {static_cast<uint64_t>(entry.columns),
                     static_cast<uint64_t>(entry.rows.of(rows))};
  uint64_t strides[] = {static_cast<uint64_t>(entry.rowBytes)};
  uint32_t box[] = {static_cast<uint32_t>(entry.boxColumns),
                    static_cast<uint32_t>(entry.boxRows)};
  uint32_t steps[] = {1, 1};
  int swizzle = entry.swizzle == 128  ? swizzle128B
                : entry.swizzle == 64 ? swizzle64B
                : entry.swizzle == 32 ? swizzle32B
                                      : swizzleNone;
  gpu->driver.check(gpu->driver.cuTensorMapEncodeTiled(
                        &map, tensorMapBfloat16, 2, address, dims, strides, box,
                        steps, interleaveNone, swizzle, l2Promotion256B,
                        outOfBoundsZero),
                    "a tensor map cannot be made");
  return map;
}

void Kernels::launch(const LaunchEntry &entry, void *const *operands,
                     int64_t rows, Stream stream) const {
  std::array<void *, mostParameters> parameters;
  std::array<TensorMap, mostTensorMaps> maps;
  auto count = static_cast<size_t>(entry.operands);
  // A parameter is pointed at where it is: an address in `operands`.
  for (size_t i = 0; i < count; ++i)
    parameters[i] = const_cast<void **>(&operands[i]);
  for (size_t i = 0; i < entry.tensorMaps.size(); ++i) {
    const TensorMapEntry &map = entry.tensorMaps[i];
    maps[i] = encode(map, operands[map.operand], rows);
    parameters[static_cast<size_t>(map.operand)] = &maps[i];
  }
  auto batch = static_cast<int32_t>(rows);
  if (entry.takesRows)
    parameters[count] = &batch;
  launch(entry, rows, parameters.data(), stream);
}

void Kernels::launch(const LaunchEntry &entry, int64_t rows, void **parameters,
                     Stream stream) const {
  constexpr int64_t mostBlocks[] = {(int64_t{1} << 31) - 1, 65535, 65535};
  unsigned grid[3] = {1, 1, 1};
  for (size_t i = 0; i < entry.grid.size(); ++i) {
    int64_t blocks = entry.grid[i].blocks(rows);
    if (blocks > mostBlocks[i])
      fail("a batch of {} rows needs {} blocks of the kernel {} in dimension "
           "{}, a launch has {} at most: use a smaller batch",
           rows, blocks, inQuotes(entry.function), i, mostBlocks[i]);
    grid[i] = static_cast<unsigned>(blocks);
  }
  Result result = gpu->driver.cuLaunchKernel(
      functions.at(entry.function), grid[0], grid[1], grid[2],
      static_cast<unsigned>(entry.threads), 1, 1,
      static_cast<unsigned>(entry.sharedBytes), stream, parameters, nullptr);
  if (result != success)
    fail("the kernel {} cannot be launched: {}", inQuotes(entry.function),
         gpu->driver.describe(result));
}

} // namespace dit::runtime::cuda
