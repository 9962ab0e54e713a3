// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// NVIDIA's own cuBLASLt takes our descriptors, where it is installed; what it
// computes needs a GPU, or the stand-in of test/simt/driver.
#include "runtime/cuda/MatmulProblem.h"
#include "runtime/Error.h"

#include <gtest/gtest.h>

using namespace dit::runtime;
using namespace dit::runtime::cuda;

namespace {

CublasLtEntry entry(const char *type, const char *outType,
                    const char *epilogue) {
  CublasLtEntry entry;
  entry.m = {256, 0};
  entry.n = 3456;
  entry.k = 1152;
  entry.type = type;
  entry.outType = outType;
  entry.epilogue = epilogue;
  return entry;
}

TEST(MatmulShape, SaysAllThatAnAlgorithmDependsOn) {
  MatmulShape shape(entry("bf16", "f32", "bias"), 2);
  EXPECT_EQ(shape.show(), "512x3456x1152 bf16 -> f32, bias");
  EXPECT_NE(shape, MatmulShape(entry("bf16", "f32", "bias"), 3));
  EXPECT_NE(shape, MatmulShape(entry("bf16", "bf16", "bias"), 2));
  EXPECT_NE(shape, MatmulShape(entry("bf16", "f32", "none"), 2));
}

TEST(MatmulProblem, IsTakenByTheLibrary) {
  const CublasLt *lt = nullptr;
  try {
    lt = &CublasLt::open();
  } catch (const Error &error) {
    // A machine without a CUDA toolkit; where there is one, this runs.
    GTEST_SKIP() << error.what();
  }
  EXPECT_GE(lt->version, 120000);
  for (const char *type : {"bf16", "f32", "tf32"})
    for (const char *outType : {"bf16", "f32"})
      for (const char *epilogue : {"none", "bias", "gelu_tanh_bias"}) {
        MatmulProblem problem(*lt, nullptr,
                              MatmulShape(entry(type, outType, epilogue), 2));
        try { // no handle: refused by the library itself, in a sentence
          problem.candidates(1 << 20);
          ADD_FAILURE() << problem.shape.show();
        } catch (const Error &error) {
          EXPECT_NE(std::string(error.what()).find(problem.shape.show()),
                    std::string::npos);
          EXPECT_NE(std::string(error.what()).find("says: "),
                    std::string::npos);
        }
      }
}

} // namespace
