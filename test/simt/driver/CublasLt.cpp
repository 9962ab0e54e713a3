// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A stand-in cuBLASLt: algorithms and matmuls. What the library
// refuses is refused with its code; what it would not notice is misuse.
#include "LtDescriptors.h"
#include <cstdlib>
#include <cstring>
#include <map>

using namespace standin;

namespace {

/// In an algorithm's words: that it is one of ours, its way, the matmul, and of
/// what A, B, C and D must be at multiples: what the heuristic was told.
constexpr uint64_t kMagic = 0x57a4d14a19041743u;

cublasLtMatmulAlgo_t algorithmOf(const Matmul &matmul, Way way,
                                 const Preference &preference) {
  cublasLtMatmulAlgo_t algorithm{};
  algorithm.data[0] = kMagic;
  algorithm.data[1] = static_cast<uint64_t>(way);
  algorithm.data[2] = matmul.hash();
  for (int i = 0; i < 4; ++i)
    algorithm.data[3 + i] = preference.alignments[i];
  return algorithm;
}

bool isAlgorithmOf(const Matmul &matmul,
                   const cublasLtMatmulAlgo_t &algorithm) {
  return algorithm.data[0] == kMagic && algorithm.data[1] < kWays &&
         algorithm.data[2] == matmul.hash();
}

void demandShapes(const Matmul &matmul, const Layout &c) {
  if (const std::string fault = matmul.shapeFault(); !fault.empty())
    misuse("%s", fault.c_str());
  if (c.type != matmul.d.type || c.rows != matmul.m() ||
      c.columns != matmul.n())
    misuse("C is not as D");
}

void demandAligned(const void *address, uint64_t alignment, const char *what) {
  if (reinterpret_cast<uintptr_t>(address) % alignment)
    misuse("%s is at %p, which is no multiple of %zu bytes as was promised",
           what, address, size_t(alignment));
}

} // namespace

#define BEGIN(needs) const Call call(__func__, Needs::needs)

size_t cublasLtGetVersion() {
  const char *version = getenv("DIT_STANDIN_CUBLASLT_VERSION");
  return version ? strtoull(version, nullptr, 10) : 130000;
}

const char *cublasLtGetStatusString(cublasStatus_t status) {
  switch (status) {
  case CUBLAS_STATUS_SUCCESS:
    return "CUBLAS_STATUS_SUCCESS";
  case CUBLAS_STATUS_NOT_SUPPORTED:
    return "CUBLAS_STATUS_NOT_SUPPORTED";
  default:
    return "CUBLAS_STATUS_INVALID_VALUE";
  }
}

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(
    cublasLtHandle_t handle, cublasLtMatmulDesc_t description,
    cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
    cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
    cublasLtMatmulPreference_t preferenceHandle, int wanted,
    cublasLtMatmulHeuristicResult_t *found, int *count) {
  BEGIN(Context);
  get<int>(live().handles, handle, "cublasLtHandle_t");
  const Preference &preference = preferenceOf(preferenceHandle);
  const Matmul matmul{descriptionOf(description), layoutOf(a), layoutOf(b),
                      layoutOf(d)};
  demandShapes(matmul, layoutOf(c));
  *count = 0;
  if (!matmul.typeFault().empty())
    return CUBLAS_STATUS_NOT_SUPPORTED;
  // One that cannot be used stands among the others, as it may.
  for (int way = 0; way <= kWays && *count < wanted; ++way) {
    cublasLtMatmulHeuristicResult_t &result = found[*count];
    result = {};
    result.state =
        way == 1 ? CUBLAS_STATUS_NOT_SUPPORTED : CUBLAS_STATUS_SUCCESS;
    if (way != 1) {
      const Way real = static_cast<Way>(way > 1 ? way - 1 : 0);
      result.workspaceSize = workspaceBytes(matmul, real);
      if (result.workspaceSize > preference.workspaceBytes)
        continue;
      result.algo = algorithmOf(matmul, real, preference);
    }
    ++*count;
  }
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t
cublasLtMatmulAlgoCheck(cublasLtHandle_t handle,
                        cublasLtMatmulDesc_t description,
                        cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                        cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                        const cublasLtMatmulAlgo_t *algorithm,
                        cublasLtMatmulHeuristicResult_t *result) {
  BEGIN(Context);
  get<int>(live().handles, handle, "cublasLtHandle_t");
  const Matmul matmul{descriptionOf(description), layoutOf(a), layoutOf(b),
                      layoutOf(d)};
  demandShapes(matmul, layoutOf(c));
  if (!isAlgorithmOf(matmul, *algorithm))
    return CUBLAS_STATUS_NOT_SUPPORTED;
  result->workspaceSize =
      workspaceBytes(matmul, static_cast<Way>(algorithm->data[1]));
  result->state = CUBLAS_STATUS_SUCCESS;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t
cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t description,
               const void *alpha, const void *a, cublasLtMatrixLayout_t aLayout,
               const void *b, cublasLtMatrixLayout_t bLayout, const void *beta,
               const void *c, cublasLtMatrixLayout_t cLayout, void *d,
               cublasLtMatrixLayout_t dLayout,
               const cublasLtMatmulAlgo_t *algorithm, void *workspace,
               size_t bytes, cudaStream_t stream) {
  BEGIN(Context);
  get<int>(live().handles, handle, "cublasLtHandle_t");
  // What the descriptors say now, not when the work runs.
  const Description what = descriptionOf(description);
  const Layout as = layoutOf(aLayout), bs = layoutOf(bLayout),
               ds = layoutOf(dLayout);
  const Matmul matmul{what, as, bs, ds};
  demandShapes(matmul, layoutOf(cLayout));
  if (!algorithm || !isAlgorithmOf(matmul, *algorithm))
    misuse("%s: the algorithm is of another matmul", matmul.show().c_str());
  if (*static_cast<const float *>(alpha) != 1 ||
      *static_cast<const float *>(beta) != 0)
    misuse("other factors than 1 and 0 are not modelled");
  const Way way = static_cast<Way>(algorithm->data[1]);
  const uint64_t needed = workspaceBytes(matmul, way);
  if (needed > bytes)
    misuse("%s: the algorithm needs %zu bytes of workspace, but has %zu",
           matmul.show().c_str(), size_t(needed), bytes);
  if (reinterpret_cast<uintptr_t>(workspace) % 256)
    misuse("a workspace is at a multiple of 256 bytes");
  const uint64_t *alignments = algorithm->data + 3;
  demandAligned(a, alignments[0], "A");
  demandAligned(b, alignments[1], "B");
  demandAligned(c, alignments[2], "C");
  demandAligned(d, alignments[3], "D");

  Command command{matmul.show(),
                  {{a, as.bytes()}, {b, bs.bytes()}, {d, ds.bytes()}},
                  {},
                  {},
                  {}};
  if (what.hasBias())
    command.device.push_back({what.bias, ds.rows * ds.elementBytes()});
  if (needed)
    command.device.push_back({workspace, needed});
  command.run = [=] {
    if (needed)
      memset(workspace, 0xff, needed);
    compute({what, as, bs, ds}, way, a, b, d);
  };
  note("%s %s, way %d",
       isCapturing(reinterpret_cast<CUstream>(stream)) ? "capture" : "launch",
       matmul.show().c_str(), static_cast<int>(way));
  submit(reinterpret_cast<CUstream>(stream), std::move(command));
  return CUBLAS_STATUS_SUCCESS;
}
