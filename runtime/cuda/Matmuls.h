// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The matmuls that a library does for a CUDA artifact: those whose manifest
// entry has `cublaslt`.
#ifndef DIT_RUNTIME_CUDA_MATMULS_H
#define DIT_RUNTIME_CUDA_MATMULS_H

#include "runtime/Manifest.h"
#include "runtime/cuda/Driver.h"

#include <memory>
#include <span>

namespace dit::runtime::cuda {

/// Where matmuls run. Its context is current whenever a function of Matmuls is
/// called, its constructor and destructor too.
struct MatmulsDevice {
  const Driver &driver;
  DeviceOrdinal device;
  std::string name; ///< "NVIDIA H100 80GB HBM3"
  Stream stream;    ///< for what happens outside of run(), not captured
};

class Matmuls {
public:
  virtual ~Matmuls() = default;
  /// Settles how each of `entries` is done for a batch of `rows`, and takes the
  /// memory that this needs. May time candidates and wait for the device; never
  /// called while a stream is captured. Cheap when all of it is settled.
  virtual void choose(std::span<const CublasLtEntry *const> entries,
                      int64_t rows) = 0;
  /// Enqueues `entry` on device addresses, numbered as DitLaunch.operands. Only
  /// after choose() of the entry and `rows`; may be captured: neither waits nor
  /// allocates. Throws an Error.
  virtual void run(const CublasLtEntry &entry, void *const *operands,
                   int64_t rows, Stream stream) = 0;
};

/// Opens the library. Throws an Error where there is none.
std::unique_ptr<Matmuls> makeMatmuls(const MatmulsDevice &device);

} // namespace dit::runtime::cuda

#endif // DIT_RUNTIME_CUDA_MATMULS_H
