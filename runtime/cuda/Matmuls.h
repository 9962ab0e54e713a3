// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The matmuls that a library does for a CUDA artifact: those whose manifest
// entry has `cublaslt`.
#ifndef DIT_RUNTIME_CUDA_MATMULS_H
#define DIT_RUNTIME_CUDA_MATMULS_H

#include "runtime/Manifest.h"
#include "runtime/cuda/Gpu.h"
#include "runtime/cuda/TuningCache.h"

#include <memory>
#include <span>

namespace dit::runtime::cuda {

/// Device memory that Matmuls keep, beside what choose() takes and gives back.
constexpr int64_t matmulsWorkspaceBytes = 32 << 20;

class Matmuls {
public:
  virtual ~Matmuls() = default;
  /// Settles how each of `entries` is done for a batch of `rows`. May time
  /// candidates and wait for the device; never called while a stream is
  /// captured. Cheap when all of it is settled.
  virtual void choose(std::span<const CublasLtEntry *const> entries,
                      int64_t rows) = 0;
  /// Enqueues `entry` on device addresses, numbered as DitLaunch.operands. Only
  /// after choose() of the entry and `rows`, on one stream at a time; may be
  /// captured: neither waits nor allocates. Addresses are multiples of 16.
  /// Throws an Error.
  virtual void run(const CublasLtEntry &entry, void *const *operands,
                   int64_t rows, Stream stream) = 0;
};

/// Opens cuBLASLt and takes its workspace on `gpu`; `stream` is for what
/// happens outside of run(), not captured. What choose() measures is kept in
/// the user's tuning file; `notice` may be empty. Throws an Error where there
/// is no library.
std::unique_ptr<Matmuls> makeMatmuls(std::shared_ptr<const Gpu> gpu,
                                     Stream stream, Notice notice);

} // namespace dit::runtime::cuda

#endif // DIT_RUNTIME_CUDA_MATMULS_H
