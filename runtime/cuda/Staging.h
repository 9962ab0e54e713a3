// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Copies between the host's ordinary memory and a GPU, by way of page-locked
// chunks: one is filled or emptied while the other travels.
#ifndef DIT_RUNTIME_CUDA_STAGING_H
#define DIT_RUNTIME_CUDA_STAGING_H

#include "runtime/cuda/Gpu.h"

namespace dit::runtime::cuda {

class Staging {
public:
  explicit Staging(std::shared_ptr<const Gpu> gpu);

  /// Enqueues the copy; `from` is free again on return.
  void upload(void *to, const void *from, int64_t bytes, Stream stream);
  /// Done on return.
  void download(void *to, const void *from, int64_t bytes, Stream stream);

private:
  struct Chunk {
    DeviceMemory memory; ///< page-locked
    EventMark travelled; ///< when the copy that uses it is done
    explicit Chunk(const std::shared_ptr<const Gpu> &gpu) : travelled(gpu) {}
  };
  /// The chunks in turn, free to use, with `bytes` at least.
  Chunk &take(int64_t bytes);

  std::shared_ptr<const Gpu> gpu;
  Chunk chunks[2];
  int next = 0;
};

} // namespace dit::runtime::cuda

#endif // DIT_RUNTIME_CUDA_STAGING_H
