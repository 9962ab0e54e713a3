// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Finds the driver's functions. The library stays open for the process's life:
// drivers do not like to be closed.
#include "runtime/cuda/Driver.h"

#include "runtime/Error.h"

#include <dlfcn.h>

namespace dit::runtime::cuda {

std::string showCudaVersion(int version) {
  return fmt::format("{}.{}", version / 1000, version % 1000 / 10);
}

std::string Driver::describe(Result result) const {
  const char *name = nullptr, *text = nullptr;
  if (cuGetErrorName(result, &name) != success || !name)
    return fmt::format("error {}", result);
  if (cuGetErrorString(result, &text) != success || !text)
    return name;
  return fmt::format("{} ({})", name, text);
}

void Driver::check(Result result, const char *what) const {
  if (result != success)
    fail("{}: {}", what, describe(result));
}

/// Before the rest of the table: an old driver lacks some of its functions.
static void checkVersion(const Driver &driver) {
  if (driver.version < oldestDriver)
    fail("the NVIDIA driver is too old: it speaks CUDA {}, this program needs "
         "{} or newer",
         showCudaVersion(driver.version), showCudaVersion(oldestDriver));
}

static Driver openDriver() {
  void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char *reason = dlerror();
    fail("no NVIDIA driver on this machine, which a model compiled for CUDA "
         "needs: {}",
         reason ? reason : "libcuda.so.1 cannot be opened");
  }
  Driver driver;
  auto find = [&](auto &function, const char *symbol) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(
        dlsym(library, symbol));
    return function != nullptr;
  };
  if (find(driver.cuDriverGetVersion, "cuDriverGetVersion") &&
      driver.cuDriverGetVersion(&driver.version) == success)
    checkVersion(driver);
#define DIT_CUDA_FIND(name, symbol, parameters)                                \
  if (!find(driver.name, symbol))                                              \
    fail(                                                                      \
        "libcuda.so.1 has no function {}: it is not an NVIDIA driver of CUDA " \
        "{} or newer",                                                         \
        symbol, showCudaVersion(oldestDriver));
  DIT_CUDA_DRIVER_CALLS(DIT_CUDA_FIND)
#undef DIT_CUDA_FIND
  Result result = driver.cuInit(0);
  if (result == noDevice)
    fail("the NVIDIA driver of CUDA {} finds no GPU in this machine",
         showCudaVersion(driver.version));
  driver.check(result, "the NVIDIA driver cannot be initialised");
  return driver;
}

const Driver &Driver::get() {
  // An initialisation that throws is tried again by the next call.
  static const Driver driver = openDriver();
  return driver;
}

} // namespace dit::runtime::cuda
