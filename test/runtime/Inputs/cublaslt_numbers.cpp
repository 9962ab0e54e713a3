// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// runtime/cuda/CublasLt.h beside NVIDIA's own header. Compiled, never linked.
#include "runtime/cuda/CublasLt.h"

#include <cublasLt.h>
#include <type_traits>

using namespace dit::runtime::cuda;

static_assert(lt::kSuccess == CUBLAS_STATUS_SUCCESS);
static_assert(lt::kNotSupported == CUBLAS_STATUS_NOT_SUPPORTED);
static_assert(lt::kFloat32 == CUDA_R_32F);
static_assert(lt::kBfloat16 == CUDA_R_16BF);
static_assert(lt::kComputeFloat32 == CUBLAS_COMPUTE_32F);
static_assert(lt::kComputeTf32 == CUBLAS_COMPUTE_32F_FAST_TF32);
static_assert(lt::kTransposed == CUBLAS_OP_T);

static_assert(lt::kTransposeA == CUBLASLT_MATMUL_DESC_TRANSA);
static_assert(lt::kEpilogue == CUBLASLT_MATMUL_DESC_EPILOGUE);
static_assert(lt::kBiasPointer == CUBLASLT_MATMUL_DESC_BIAS_POINTER);
static_assert(lt::kBiasDataType == CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE);
static_assert(lt::kNoEpilogue == CUBLASLT_EPILOGUE_DEFAULT);
static_assert(lt::kAddBias == CUBLASLT_EPILOGUE_BIAS);
static_assert(lt::kAddBiasThenGelu == CUBLASLT_EPILOGUE_GELU_BIAS);
static_assert(lt::kMaxWorkspaceBytes ==
              CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES);
static_assert(lt::kAlignmentA == CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES);
static_assert(lt::kAlignmentB == CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES);
static_assert(lt::kAlignmentC == CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES);
static_assert(lt::kAlignmentD == CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES);

static_assert(sizeof(lt::Algorithm) == sizeof(cublasLtMatmulAlgo_t));
using Result = cublasLtMatmulHeuristicResult_t;
static_assert(sizeof(lt::Candidate) == sizeof(Result));
static_assert(offsetof(lt::Candidate, algorithm) == offsetof(Result, algo));
static_assert(offsetof(lt::Candidate, workspaceBytes) ==
              offsetof(Result, workspaceSize));
static_assert(offsetof(lt::Candidate, state) == offsetof(Result, state));
static_assert(offsetof(lt::Candidate, waves) == offsetof(Result, wavesCount));

/// Arguments and result are passed alike: as many, each as large, pointers
/// where pointers are.
template <typename R, typename... A, typename S, typename... B>
constexpr bool alike(R (*)(A...), S (*)(B...)) {
  if constexpr (sizeof...(A) != sizeof...(B))
    return false;
  else
    return sizeof(R) == sizeof(S) &&
           ((sizeof(A) == sizeof(B) &&
             std::is_pointer_v<A> == std::is_pointer_v<B>) &&
            ...);
}
#define ALIKE(NAME)                                                            \
  static_assert(alike(decltype(CublasLt::NAME)(nullptr),                       \
                      decltype (&cublasLt##NAME)(nullptr)))
ALIKE(GetVersion);
ALIKE(GetStatusString);
ALIKE(Create);
ALIKE(Destroy);
ALIKE(MatmulDescCreate);
ALIKE(MatmulDescDestroy);
ALIKE(MatmulDescSetAttribute);
ALIKE(MatrixLayoutCreate);
ALIKE(MatrixLayoutDestroy);
ALIKE(MatmulPreferenceCreate);
ALIKE(MatmulPreferenceDestroy);
ALIKE(MatmulPreferenceSetAttribute);
ALIKE(MatmulAlgoGetHeuristic);
ALIKE(MatmulAlgoCheck);
ALIKE(Matmul);

#ifdef DIT_WRONG_ON_PURPOSE
static_assert(lt::kAddBiasThenGelu == CUBLASLT_EPILOGUE_GELU_AUX_BIAS);
#endif
