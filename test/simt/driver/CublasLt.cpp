// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A stand-in cuBLASLt: the functions that the runtime calls. What the library
// refuses is refused with its code; what it would not notice is misuse.
#include "LtMatmul.h"
#include <cstdlib>
#include <cstring>
#include <map>
#include <set>

using namespace standin;

namespace {

/// Descriptors and handles that are alive.
struct Live {
  std::set<const void *> handles, descriptions, layouts, preferences;
};
Live &live() {
  static auto *all = new Live;
  return *all;
}

const int watched =
    (watch([] {
       std::vector<std::string> list;
       auto count = [&](size_t n, const char *what) {
         if (n)
           list.push_back(std::to_string(n) + " " + what);
       };
       count(live().handles.size(), "cublasLtHandle_t");
       count(live().descriptions.size(), "cublasLtMatmulDesc_t");
       count(live().layouts.size(), "cublasLtMatrixLayout_t");
       count(live().preferences.size(), "cublasLtMatmulPreference_t");
       return list;
     }),
     0);

template <class Made, class Handle>
cublasStatus_t make(std::set<const void *> &all, Handle *handle, Made made) {
  *handle = reinterpret_cast<Handle>(new Made(made));
  all.insert(*handle);
  return CUBLAS_STATUS_SUCCESS;
}

template <class Made, class Handle>
Made &get(const std::set<const void *> &all, Handle handle, const char *what) {
  if (!all.count(handle))
    misuse("%p is no %s", static_cast<const void *>(handle), what);
  return *reinterpret_cast<Made *>(handle);
}

template <class Made, class Handle>
cublasStatus_t destroy(std::set<const void *> &all, Handle handle,
                       const char *what) {
  delete &get<Made>(all, handle, what);
  all.erase(handle);
  return CUBLAS_STATUS_SUCCESS;
}

Description &descriptionOf(cublasLtMatmulDesc_t handle) {
  return get<Description>(live().descriptions, handle, "cublasLtMatmulDesc_t");
}
Layout &layoutOf(cublasLtMatrixLayout_t handle) {
  return get<Layout>(live().layouts, handle, "cublasLtMatrixLayout_t");
}
Preference &preferenceOf(cublasLtMatmulPreference_t handle) {
  return get<Preference>(live().preferences, handle,
                         "cublasLtMatmulPreference_t");
}

template <class T> cublasStatus_t set(T &to, const void *value, size_t bytes) {
  if (bytes != sizeof to)
    misuse("an attribute has %zu bytes, but was given %zu", sizeof to, bytes);
  memcpy(&to, value, bytes);
  return CUBLAS_STATUS_SUCCESS;
}

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

cublasStatus_t cublasLtCreate(cublasLtHandle_t *handle) {
  BEGIN(Context);
  return make(live().handles, handle, currentDevice());
}

cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle) {
  BEGIN(Context);
  return destroy<int>(live().handles, handle, "cublasLtHandle_t");
}

cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t *description,
                                        cublasComputeType_t compute,
                                        cudaDataType_t scaleType) {
  BEGIN(Nothing);
  if (scaleType != CUDA_R_32F || (compute != CUBLAS_COMPUTE_32F &&
                                  compute != CUBLAS_COMPUTE_32F_FAST_TF32))
    misuse("compute type %d is not modelled", compute);
  return make(live().descriptions, description, Description{compute});
}

cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t description) {
  BEGIN(Nothing);
  return destroy<Description>(live().descriptions, description,
                              "cublasLtMatmulDesc_t");
}

cublasStatus_t
cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t handle,
                               cublasLtMatmulDescAttributes_t attribute,
                               const void *value, size_t bytes) {
  BEGIN(Nothing);
  Description &description = descriptionOf(handle);
  int32_t transpose = 0;
  switch (attribute) {
  case CUBLASLT_MATMUL_DESC_TRANSA:
    set(transpose, value, bytes);
    description.transposeA = transpose == CUBLAS_OP_T;
    return CUBLAS_STATUS_SUCCESS;
  case CUBLASLT_MATMUL_DESC_TRANSB:
    set(transpose, value, bytes);
    description.transposeB = transpose == CUBLAS_OP_T;
    return CUBLAS_STATUS_SUCCESS;
  case CUBLASLT_MATMUL_DESC_EPILOGUE:
    return set(description.epilogue, value, bytes);
  case CUBLASLT_MATMUL_DESC_BIAS_POINTER:
    return set(description.bias, value, bytes);
  case CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE:
    return set(description.biasType, value, bytes);
  default:
    misuse("attribute %d is not modelled", attribute);
  }
}

cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t *layout,
                                          cudaDataType type, uint64_t rows,
                                          uint64_t columns, int64_t leading) {
  BEGIN(Nothing);
  return make(live().layouts, layout, Layout{type, rows, columns, leading});
}

cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t layout) {
  BEGIN(Nothing);
  return destroy<Layout>(live().layouts, layout, "cublasLtMatrixLayout_t");
}

cublasStatus_t
cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t *preference) {
  BEGIN(Nothing);
  return make(live().preferences, preference, Preference{});
}

cublasStatus_t
cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t preference) {
  BEGIN(Nothing);
  return destroy<Preference>(live().preferences, preference,
                             "cublasLtMatmulPreference_t");
}

cublasStatus_t cublasLtMatmulPreferenceSetAttribute(
    cublasLtMatmulPreference_t handle,
    cublasLtMatmulPreferenceAttributes_t attribute, const void *value,
    size_t bytes) {
  BEGIN(Nothing);
  Preference &preference = preferenceOf(handle);
  const int operand = attribute - CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES;
  if (attribute == CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES)
    return set(preference.workspaceBytes, value, bytes);
  if (operand < 0 || operand > 3)
    misuse("attribute %d is not modelled", attribute);
  return set(preference.alignments[operand], value, bytes);
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
