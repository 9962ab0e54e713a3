// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// NVIDIA's cuBLASLt, opened at run time: our own declarations of the few types,
// constants and functions that are called, so that neither a build nor an
// artifact needs a toolkit. test/unit/runtime/CublasLtNumbersTest.cpp holds
// them against NVIDIA's header where there is one.
#ifndef DIT_RUNTIME_CUDA_CUBLASLT_H
#define DIT_RUNTIME_CUDA_CUBLASLT_H

#include <cstddef>
#include <cstdint>
#include <string>

namespace dit::runtime::cuda {

namespace lt {

using Status = int; ///< cublasStatus_t; 0 is success
constexpr Status kSuccess = 0, kNotSupported = 15;

/// Opaque objects, each behind a pointer as NVIDIA's are.
using Handle = struct HandleOf *;           ///< cublasLtHandle_t
using Description = struct DescriptionOf *; ///< cublasLtMatmulDesc_t
using Layout = struct LayoutOf *;           ///< cublasLtMatrixLayout_t
using Preference = struct PreferenceOf *;   ///< cublasLtMatmulPreference_t

/// cudaDataType, cublasComputeType_t, cublasOperation_t: all int.
constexpr int kFloat32 = 0, kBfloat16 = 14;
constexpr int kComputeFloat32 = 68, kComputeTf32 = 77;
constexpr int32_t kTransposed = 1;

/// cublasLtMatmulDescAttributes_t, what they hold behind each.
constexpr int kTransposeA = 3;    ///< int32_t
constexpr int kEpilogue = 7;      ///< uint32_t
constexpr int kBiasPointer = 8;   ///< const void *
constexpr int kBiasDataType = 26; ///< int32_t

/// cublasLtEpilogue_t. Its GELU is the tanh form.
constexpr uint32_t kNoEpilogue = 1, kAddBias = 4, kAddBiasThenGelu = 36;

/// cublasLtMatmulPreferenceAttributes_t.
constexpr int kMaxWorkspaceBytes = 1; ///< uint64_t
constexpr int kAlignmentA = 5, kAlignmentB = 6, kAlignmentC = 7,
              kAlignmentD = 8; ///< uint32_t, bytes

/// cublasLtMatmulAlgo_t: may be kept, and given again to the same version of
/// the library.
struct Algorithm {
  uint64_t words[8];
};

/// cublasLtMatmulHeuristicResult_t.
struct Candidate {
  Algorithm algorithm;
  size_t workspaceBytes;
  Status state;
  float waves;
  int reserved[4];
};

} // namespace lt

/// The library's functions. `D = alpha * op(A) op(B) + beta * C`, all matrices
/// in columns: a row-major (m, n) is a layout of n rows and m columns.
struct CublasLt {
  /// The library, opened once in a process: libcublasLt.so.13, else .12, where
  /// the loader finds them or in /usr/local/cuda/lib64. Throws an Error that
  /// says what was looked for.
  static const CublasLt &open();

  std::string path;    ///< the name it was opened by
  int64_t version = 0; ///< 130100 for 13.1.0

  /// Throws an Error with `what` and the library's sentence unless `status` is
  /// success.
  void check(lt::Status status, const std::string &what) const;

  // Each is `cublasLt` + the name; `stream` is a cudaStream_t or a CUstream.
  size_t (*GetVersion)();
  const char *(*GetStatusString)(lt::Status);
  lt::Status (*Create)(lt::Handle *);
  lt::Status (*Destroy)(lt::Handle);
  lt::Status (*MatmulDescCreate)(lt::Description *, int computeType,
                                 int scaleType);
  lt::Status (*MatmulDescDestroy)(lt::Description);
  lt::Status (*MatmulDescSetAttribute)(lt::Description, int attribute,
                                       const void *value, size_t bytes);
  lt::Status (*MatrixLayoutCreate)(lt::Layout *, int dataType, uint64_t rows,
                                   uint64_t columns, int64_t leading);
  lt::Status (*MatrixLayoutDestroy)(lt::Layout);
  lt::Status (*MatmulPreferenceCreate)(lt::Preference *);
  lt::Status (*MatmulPreferenceDestroy)(lt::Preference);
  lt::Status (*MatmulPreferenceSetAttribute)(lt::Preference, int attribute,
                                             const void *value, size_t bytes);
  lt::Status (*MatmulAlgoGetHeuristic)(lt::Handle, lt::Description,
                                       lt::Layout a, lt::Layout b, lt::Layout c,
                                       lt::Layout d, lt::Preference, int wanted,
                                       lt::Candidate *found, int *count);
  lt::Status (*MatmulAlgoCheck)(lt::Handle, lt::Description, lt::Layout a,
                                lt::Layout b, lt::Layout c, lt::Layout d,
                                const lt::Algorithm *, lt::Candidate *result);
  lt::Status (*Matmul)(lt::Handle, lt::Description, const void *alpha,
                       const void *a, lt::Layout, const void *b, lt::Layout,
                       const void *beta, const void *c, lt::Layout, void *d,
                       lt::Layout, const lt::Algorithm *, void *workspace,
                       size_t workspaceBytes, void *stream);
};

} // namespace dit::runtime::cuda

#endif // DIT_RUNTIME_CUDA_CUBLASLT_H
