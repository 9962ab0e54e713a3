// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Linears of float32: x (5, 7), weight (6, 7), bias (6), out (5, 6), row-major,
// so that to the library out (6, 5) = weight (7, 6)^T x (7, 5).
#include "Matmuls.h"
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <cublasLt.h>

namespace {

constexpr int kRows = 5, kFeatures = 6, kDepth = 7;

void check(cublasStatus_t status, const char *what) {
  if (status == CUBLAS_STATUS_SUCCESS)
    return;
  fprintf(stderr, "%s: %s\n", what, cublasLtGetStatusString(status));
  exit(1);
}

struct Linear : Gpu {
  cublasLtHandle_t handle;
  cublasLtMatmulDesc_t description;
  cublasLtMatrixLayout_t x, weight, out;
  CUdeviceptr at[4]; ///< x, weight, bias, out
  CUdeviceptr workspace = allocate(1 << 10);
  size_t workspaceBytes = 1 << 10;
  std::vector<float> values[3];

  Linear() {
    CHECKED(cublasLtCreate(&handle));
    CHECKED(
        cublasLtMatmulDescCreate(&description, CUBLAS_COMPUTE_32F, CUDA_R_32F));
    CHECKED(cublasLtMatrixLayoutCreate(&x, CUDA_R_32F, kDepth, kRows, kDepth));
    CHECKED(cublasLtMatrixLayoutCreate(&weight, CUDA_R_32F, kDepth, kFeatures,
                                       kDepth));
    CHECKED(cublasLtMatrixLayoutCreate(&out, CUDA_R_32F, kFeatures, kRows,
                                       kFeatures));
    const int counts[] = {kRows * kDepth, kFeatures * kDepth, kFeatures};
    for (int i = 0; i < 3; ++i) {
      for (int k = 0; k < counts[i]; ++k)
        values[i].push_back(std::sin(1.0f + i + k * 1.7f));
      at[i] = allocate(counts[i] * 4);
      CHECKED(
          cuMemcpyHtoDAsync(at[i], values[i].data(), counts[i] * 4, stream));
    }
    at[3] = allocate(kRows * kFeatures * 4);
    set(CUBLASLT_MATMUL_DESC_TRANSA, int32_t(CUBLAS_OP_T));
    set(CUBLASLT_MATMUL_DESC_EPILOGUE, uint32_t(CUBLASLT_EPILOGUE_GELU_BIAS));
    set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, at[2]);
  }

  template <class T>
  void set(cublasLtMatmulDescAttributes_t attribute, T value) {
    CHECKED(cublasLtMatmulDescSetAttribute(description, attribute, &value,
                                           sizeof value));
  }

  std::vector<cublasLtMatmulHeuristicResult_t>
  candidates(uint32_t alignment = 16) {
    cublasLtMatmulPreference_t preference;
    CHECKED(cublasLtMatmulPreferenceCreate(&preference));
    CHECKED(cublasLtMatmulPreferenceSetAttribute(
        preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &workspaceBytes,
        8));
    for (auto operand : {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES,
                         CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
                         CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES,
                         CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES})
      CHECKED(cublasLtMatmulPreferenceSetAttribute(preference, operand,
                                                   &alignment, 4));
    std::vector<cublasLtMatmulHeuristicResult_t> found(8);
    int count = 0;
    CHECKED(cublasLtMatmulAlgoGetHeuristic(handle, description, weight, x, out,
                                           out, preference, 8, found.data(),
                                           &count));
    CHECKED(cublasLtMatmulPreferenceDestroy(preference));
    found.resize(count);
    return found;
  }

  void run(const cublasLtMatmulAlgo_t &algorithm) {
    const float one = 1, zero = 0;
    auto pointer = [](CUdeviceptr p) { return reinterpret_cast<void *>(p); };
    CHECKED(cublasLtMatmul(handle, description, &one, pointer(at[1]), weight,
                           pointer(at[0]), x, &zero, pointer(at[3]), out,
                           pointer(at[3]), out, &algorithm, pointer(workspace),
                           workspaceBytes,
                           reinterpret_cast<cudaStream_t>(stream)));
  }
  void runFirst() { run(candidates()[0].algo); }

  void closeAll() {
    CHECKED(cublasLtMatmulDescDestroy(description));
    for (cublasLtMatrixLayout_t layout : {x, weight, out})
      CHECKED(cublasLtMatrixLayoutDestroy(layout));
    CHECKED(cublasLtDestroy(handle));
    close();
  }
};

double wanted(const Linear &linear, int row, int feature) {
  double sum = linear.values[2][feature];
  for (int k = 0; k < kDepth; ++k)
    sum += double(linear.values[0][row * kDepth + k]) *
           linear.values[1][feature * kDepth + k];
  return 0.5 * sum *
         (1 +
          std::tanh(std::sqrt(2 / M_PI) * (sum + 0.044715 * sum * sum * sum)));
}

void leadingTooSmall() {
  Linear linear;
  CHECKED(cublasLtMatrixLayoutCreate(&linear.x, CUDA_R_32F, kDepth, kRows,
                                     kDepth - 1));
  linear.candidates();
}
void shapesApart() {
  Linear linear;
  CHECKED(cublasLtMatrixLayoutCreate(&linear.x, CUDA_R_32F, kDepth + 1, kRows,
                                     kDepth + 1));
  linear.candidates();
}
void attributeBytes() {
  Linear().set(CUBLASLT_MATMUL_DESC_EPILOGUE, uint64_t(1));
}
void otherAlgorithm() {
  Linear linear;
  const auto found = linear.candidates();
  linear.set(CUBLASLT_MATMUL_DESC_EPILOGUE, uint32_t(CUBLASLT_EPILOGUE_BIAS));
  linear.run(found[0].algo);
}
void unusableAlgorithm() {
  Linear linear;
  for (const auto &candidate : linear.candidates())
    if (candidate.state != CUBLAS_STATUS_SUCCESS)
      linear.run(candidate.algo);
}
void smallWorkspace() {
  Linear linear;
  for (const auto &candidate : linear.candidates())
    if (candidate.workspaceSize) {
      linear.workspaceBytes = candidate.workspaceSize - 1;
      linear.run(candidate.algo);
    }
}
void crookedWorkspace() {
  Linear linear;
  linear.workspace += 16;
  linear.runFirst();
}
void brokenPromise() {
  Linear linear;
  linear.at[0] = linear.allocate(1024) + 16;
  linear.run(linear.candidates(32)[0].algo);
}
void biasBeyond() {
  Linear linear;
  linear.set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, linear.at[2] + 4);
  linear.runFirst();
}
void xOnHost() {
  Linear linear;
  alignas(16) static float x[kRows * kDepth];
  linear.at[0] = reinterpret_cast<CUdeviceptr>(x);
  linear.runFirst();
}
void leakDescriptors() {
  Linear linear;
  CHECKED(cublasLtMatmulDescDestroy(linear.description));
  linear.close();
}

} // namespace

double matmulError() {
  Linear linear;
  double worst = 0, largest = 0;
  std::vector<std::vector<float>> results;
  for (const auto &candidate : linear.candidates()) {
    if (candidate.state != CUBLAS_STATUS_SUCCESS)
      continue;
    linear.run(candidate.algo);
    std::vector<float> out(kRows * kFeatures);
    CHECKED(cuMemcpyDtoHAsync(out.data(), linear.at[3], out.size() * 4,
                              linear.stream));
    for (int row = 0; row < kRows; ++row)
      for (int feature = 0; feature < kFeatures; ++feature) {
        const double want = wanted(linear, row, feature);
        largest = std::max(largest, std::abs(want));
        worst =
            std::max(worst, std::abs(out[row * kFeatures + feature] - want));
      }
    if (std::find(results.begin(), results.end(), out) == results.end())
      results.push_back(out);
  }
  linear.closeAll();
  return results.size() < 2 ? 2 : worst / largest;
}

const std::vector<Misuse> &matmulMisuses() {
#define MISUSE(name, sentence)                                                 \
  {                                                                            \
    #name, name, sentence                                                      \
  }
  static const std::vector<Misuse> all = {
      MISUSE(leadingTooSmall, "has a leading dimension of 6"),
      MISUSE(shapesApart, "op(A) is 6x7, op(B) 8x5, D 6x5"),
      MISUSE(attributeBytes, "has 4 bytes, but was given 8"),
      MISUSE(otherAlgorithm, "matmul 6x5x7: the algorithm is of another"),
      MISUSE(unusableAlgorithm, "the algorithm is of another matmul"),
      MISUSE(smallWorkspace, "needs 240 bytes of workspace, but has 239"),
      MISUSE(crookedWorkspace, "a workspace is at a multiple of 256 bytes"),
      MISUSE(brokenPromise, "which is no multiple of 32 bytes as was promised"),
      MISUSE(biasBeyond, "matmul 6x5x7: 24 bytes, 4 bytes from the begin of"),
      MISUSE(xOnHost, "matmul 6x5x7: expected device memory, but 0x"),
      MISUSE(leakDescriptors, "1 cublasLtHandle_t, 3 cublasLtMatrixLayout_t"),
  };
#undef MISUSE
  return all;
}
