// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One matmul as cuBLASLt is told of it.
#ifndef DIT_RUNTIME_CUDA_MATMULPROBLEM_H
#define DIT_RUNTIME_CUDA_MATMULPROBLEM_H

#include "runtime/Manifest.h"
#include "runtime/cuda/CublasLt.h"

#include <memory>
#include <optional>
#include <vector>

namespace dit::runtime::cuda {

/// A matmul for a number of samples: all that its algorithm depends on.
struct MatmulShape {
  int64_t m, n, k;
  std::string type, outType, epilogue; ///< as CublasLtEntry has them

  MatmulShape(const CublasLtEntry &entry, int64_t rows);
  auto operator<=>(const MatmulShape &) const = default;
  /// "512x3456x1152 bf16 -> bf16, bias": m, n, k.
  std::string show() const;
  int64_t inputBytes() const { return type == "bf16" ? 2 : 4; }
  int64_t outputBytes() const { return outType == "bf16" ? 2 : 4; }
};

/// Device addresses of x (m, k), weight (n, k), bias (n) and out (m, n).
struct MatmulAddresses {
  const void *x, *weight;
  const void *bias; ///< of out's element type; null without
  void *out;
};

/// The library's descriptors of one shape. Matrices are in columns there: x is
/// (k, m), weight (k, n) and out (n, m), so that out = weight^T x, and a bias
/// over the n features is one over out's rows, as its epilogues want it.
class MatmulProblem {
public:
  /// Multiple in bytes of every address that is given to enqueue.
  static constexpr uint32_t kAlignment = 16;

  MatmulProblem(const CublasLt &lt, lt::Handle handle, MatmulShape shape);

  /// What the library's heuristic proposes, best first, by its own estimate.
  std::vector<lt::Candidate> candidates(int64_t workspaceBytes) const;
  /// A kept algorithm, if the library still takes it for this shape and it
  /// needs no more than `workspaceBytes`.
  std::optional<lt::Candidate> check(const lt::Algorithm &algorithm,
                                     int64_t workspaceBytes) const;
  lt::Status enqueue(const lt::Algorithm &algorithm, const MatmulAddresses &at,
                     void *workspace, int64_t workspaceBytes,
                     void *stream) const;

  const MatmulShape shape;
  lt::Algorithm algorithm; ///< the chosen one

private:
  const CublasLt &lt;
  lt::Handle handle;
  template <typename Object>
  using Owned =
      std::unique_ptr<std::remove_pointer_t<Object>, lt::Status (*)(Object)>;
  Owned<lt::Description> description;
  Owned<lt::Layout> x, weight, out;
};

} // namespace dit::runtime::cuda

#endif // DIT_RUNTIME_CUDA_MATMULPROBLEM_H
