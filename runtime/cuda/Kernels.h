// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The machine code of one alternative of an artifact, loaded into a GPU, and
// its kernels as the manifest says they are started.
#ifndef DIT_RUNTIME_CUDA_KERNELS_H
#define DIT_RUNTIME_CUDA_KERNELS_H

#include "runtime/Artifact.h"
#include "runtime/cuda/Gpu.h"

#include <map>
#include <string>

namespace dit::runtime::cuda {

class Kernels {
public:
  /// Loads the code and finds every function that the manifest names. Throws an
  /// Error when the driver does not take the code, or a kernel needs more of a
  /// block than the GPU has.
  Kernels(std::shared_ptr<const Gpu> gpu, const Alternative &model);
  ~Kernels();
  Kernels(const Kernels &) = delete;
  Kernels &operator=(const Kernels &) = delete;

  /// Enqueues the kernel for a batch of `rows` on `operands`, of which it has
  /// `entry.operands`: device addresses.
  void launch(const LaunchEntry &entry, void *const *operands, int64_t rows,
              Stream stream) const;
  /// Enqueues `function` with its parameters as they are.
  void launch(const LaunchEntry &entry, int64_t rows, void **parameters,
              Stream stream) const;

private:
  void find(const LaunchEntry &entry);
  TensorMap encode(const TensorMapEntry &entry, void *address,
                   int64_t rows) const;

  std::shared_ptr<const Gpu> gpu;
  Module module = nullptr;
  std::map<std::string, Function> functions;
};

} // namespace dit::runtime::cuda

#endif // DIT_RUNTIME_CUDA_KERNELS_H
