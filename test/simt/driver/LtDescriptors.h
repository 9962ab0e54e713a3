// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The handles and descriptors of the stand-in cuBLASLt that are alive.
#ifndef DIT_STANDIN_LTDESCRIPTORS_H
#define DIT_STANDIN_LTDESCRIPTORS_H

#include "LtMatmul.h"
#include <set>

namespace standin {

/// Descriptors and handles that are alive.
struct Live {
  std::set<const void *> handles, descriptions, layouts, preferences;
};
Live &live();

template <class Made, class Handle>
Made &get(const std::set<const void *> &all, Handle handle, const char *what) {
  if (!all.count(handle))
    misuse("%p is no %s", static_cast<const void *>(handle), what);
  return *reinterpret_cast<Made *>(handle);
}

inline Description &descriptionOf(cublasLtMatmulDesc_t handle) {
  return get<Description>(live().descriptions, handle, "cublasLtMatmulDesc_t");
}
inline Layout &layoutOf(cublasLtMatrixLayout_t handle) {
  return get<Layout>(live().layouts, handle, "cublasLtMatrixLayout_t");
}
inline Preference &preferenceOf(cublasLtMatmulPreference_t handle) {
  return get<Preference>(live().preferences, handle,
                         "cublasLtMatmulPreference_t");
}

} // namespace standin

#endif // DIT_STANDIN_LTDESCRIPTORS_H
