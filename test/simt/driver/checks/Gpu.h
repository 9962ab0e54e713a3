// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A context, a stream and the kernels of small.cu, for the checks of the
// stand-in driver, which call the driver as cuda.h declares it.
#ifndef DIT_STANDIN_CHECKS_GPU_H
#define DIT_STANDIN_CHECKS_GPU_H

#include <cuda.h>
#include <string>
#include <vector>

constexpr unsigned kCount = 100; ///< floats of most buffers

/// Ends the process unless the driver said that all is well.
void check(CUresult result, const char *what);
#define CHECKED(...) check(__VA_ARGS__, #__VA_ARGS__)

/// The bytes of small.cu's cubin.
extern std::string cubin;

struct Gpu {
  CUcontext context = nullptr;
  CUmodule module = nullptr;
  CUstream stream = nullptr;

  Gpu();
  /// Gives everything back that was taken here.
  void close();

  CUfunction function(const char *name) const;
  CUdeviceptr allocate(size_t bytes = kCount * sizeof(float));
  float *allocatePinned(size_t bytes = kCount * sizeof(float));
  /// out = factor * in, of `count` floats.
  void scale(CUdeviceptr in, CUdeviceptr out, float factor,
             unsigned count = kCount);
  void launch(const char *name, unsigned threads, unsigned sharedBytes,
              std::vector<void *> parameters);
  void synchronize() { CHECKED(cuStreamSynchronize(stream)); }

private:
  std::vector<CUdeviceptr> taken;
  std::vector<void *> takenPinned;
};

#endif // DIT_STANDIN_CHECKS_GPU_H
