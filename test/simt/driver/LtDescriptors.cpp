// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Handles and descriptors: made, changed and destroyed.
#include "LtDescriptors.h"
#include <cstring>

namespace standin {

Live &live() {
  static auto *all = new Live;
  return *all;
}

namespace {

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
cublasStatus_t destroy(std::set<const void *> &all, Handle handle,
                       const char *what) {
  delete &get<Made>(all, handle, what);
  all.erase(handle);
  return CUBLAS_STATUS_SUCCESS;
}

template <class T> cublasStatus_t set(T &to, const void *value, size_t bytes) {
  if (bytes != sizeof to)
    misuse("an attribute has %zu bytes, but was given %zu", sizeof to, bytes);
  memcpy(&to, value, bytes);
  return CUBLAS_STATUS_SUCCESS;
}

} // namespace

} // namespace standin

using namespace standin;

#define BEGIN(needs) const Call call(__func__, Needs::needs)

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
