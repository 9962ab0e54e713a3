// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The matmuls that a library does for a CUDA artifact: those whose manifest
// entry has `cublaslt`.
#ifndef DIT_RUNTIME_CUDA_MATMULS_H
#define DIT_RUNTIME_CUDA_MATMULS_H

#include "runtime/Manifest.h"
#include "runtime/cuda/Driver.h"

#include <functional>
#include <memory>
#include <span>
#include <string>

namespace dit::runtime::cuda {

/// Where matmuls run. Its context is current whenever a function of Matmuls is
/// called, its constructor and destructor too.
struct MatmulsDevice {
  const Driver &driver;
  DeviceOrdinal device;
  std::string name; ///< "NVIDIA H100 80GB HBM3"
  Stream stream;    ///< for what happens outside of run(), not captured
  /// Told what a user should know and need not act on; may be empty.
  std::function<void(const std::string &)> notice = {};
};

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

/// Opens cuBLASLt and takes its workspace. What choose() measures is kept in
/// the user's tuning file. Throws an Error where there is no library.
std::unique_ptr<Matmuls> makeMatmuls(const MatmulsDevice &device);

} // namespace dit::runtime::cuda

#endif // DIT_RUNTIME_CUDA_MATMULS_H
