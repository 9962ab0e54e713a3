// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The right calls of the driver, from the first to the last.
#include "Gpu.h"
#include <cstdio>
#include <cstdlib>

std::string cubin;

void check(CUresult result, const char *what) {
  if (result == CUDA_SUCCESS)
    return;
  const char *name = nullptr;
  cuGetErrorName(result, &name);
  fprintf(stderr, "%s: %s\n", what, name ? name : "an error without a name");
  exit(1);
}

Gpu::Gpu() {
  CUdevice device;
  CHECKED(cuInit(0));
  CHECKED(cuDeviceGet(&device, 0));
  CHECKED(cuDevicePrimaryCtxRetain(&context, device));
  CHECKED(cuCtxSetCurrent(context));
  CHECKED(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
  CHECKED(cuModuleLoadData(&module, cubin.data()));
}

void Gpu::close() {
  synchronize();
  for (CUdeviceptr address : taken)
    CHECKED(cuMemFree(address));
  for (void *address : takenPinned)
    CHECKED(cuMemFreeHost(address));
  CHECKED(cuModuleUnload(module));
  CHECKED(cuStreamDestroy(stream));
  CHECKED(cuCtxSetCurrent(nullptr));
  CHECKED(cuDevicePrimaryCtxRelease(0));
}

CUfunction Gpu::function(const char *name) const {
  CUfunction found;
  CHECKED(cuModuleGetFunction(&found, module, name));
  return found;
}

CUdeviceptr Gpu::allocate(size_t bytes) {
  CUdeviceptr address;
  CHECKED(cuMemAlloc(&address, bytes));
  taken.push_back(address);
  return address;
}

float *Gpu::allocatePinned(size_t bytes) {
  void *address;
  CHECKED(cuMemAllocHost(&address, bytes));
  takenPinned.push_back(address);
  return static_cast<float *>(address);
}

void Gpu::scale(CUdeviceptr in, CUdeviceptr out, float factor, unsigned count) {
  void *parameters[] = {&in, &out, &factor, &count};
  CHECKED(cuLaunchKernel(function("dit_scale"), (count + 63) / 64, 1, 1, 64, 1,
                         1, 0, stream, parameters, nullptr));
}

void Gpu::launch(const char *name, unsigned threads, unsigned sharedBytes,
                 std::vector<void *> parameters) {
  CHECKED(cuLaunchKernel(function(name), 1, 1, 1, threads, 1, 1, sharedBytes,
                         stream, parameters.data(), nullptr));
}
