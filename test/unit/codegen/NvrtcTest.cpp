// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// NVRTC on texts that ditc does not print: what it complains of is a sentence,
// and it can be called from several threads. Skipped without a CUDA toolkit.
#include "codegen/cuda/Nvrtc.h"

#include <gtest/gtest.h>
#include <thread>
#include <vector>

namespace dit::codegen::cuda {
namespace {

const char *kText = R"(
#include "dit_device.h"
extern "C" __global__ void twice(float *x) { x[threadIdx.x] *= 2; }
)";

class Nvrtc : public ::testing::Test {
protected:
  void SetUp() override {
    auto cubin = compileToCubin(kText, "twice.cu", "sm_80");
    if (cubin)
      return;
    std::string error = llvm::toString(cubin.takeError());
    if (error.find("needs NVRTC") != std::string::npos)
      // A machine without a CUDA toolkit: only that sentence may skip.
      GTEST_SKIP() << error;
    FAIL() << error;
  }

  static std::string errorOf(llvm::StringRef text, llvm::StringRef arch) {
    auto cubin = compileToCubin(text, "wrong.cu", arch);
    return cubin ? "" : llvm::toString(cubin.takeError());
  }
};

TEST_F(Nvrtc, SaysItsVersionAndMakesAnElf) {
  auto cubin = compileToCubin(kText, "twice.cu", "sm_90a");
  ASSERT_TRUE(!!cubin) << llvm::toString(cubin.takeError());
  EXPECT_EQ(cubin->bytes.substr(1, 3), "ELF");
  EXPECT_NE(cubin->bytes.find(".text.twice"), std::string::npos);
  EXPECT_NE(cubin->nvrtc.find('.'), std::string::npos);
}

TEST_F(Nvrtc, SaysItsFirstComplaint) {
  std::string error = errorOf("__global__ void f() { return 1; }\n"
                              "int x = y;",
                              "sm_80");
  EXPECT_NE(error.find(" does not compile the kernels for sm_80: wrong.cu(1): "
                       "error: "),
            std::string::npos)
      << error;
  EXPECT_EQ(error.find('\n'), std::string::npos) << error;
  error = errorOf(kText, "sm_1");
  EXPECT_NE(error.find(" for sm_1: "), std::string::npos) << error;
  EXPECT_NE(errorOf("#include \"no_such_header.h\"", "sm_80").find("error"),
            std::string::npos);
}

TEST_F(Nvrtc, KeepsWhatItSaysOfTextThatCompiles) {
  auto quiet = compileToCubin(kText, "twice.cu", "sm_90a");
  ASSERT_TRUE(!!quiet) << llvm::toString(quiet.takeError());
  EXPECT_EQ(quiet->log, "");
  auto warned = compileToCubin("extern \"C\" __global__ void f() { int x; }",
                               "unused.cu", "sm_90a");
  ASSERT_TRUE(!!warned) << llvm::toString(warned.takeError());
  EXPECT_NE(warned->log.find("unused.cu(1): warning"), std::string::npos)
      << warned->log;
}

TEST_F(Nvrtc, CompilesForSeveralArchsAtOnce) {
  std::vector<std::string> archs = {"sm_80", "sm_86", "sm_90a"};
  std::vector<std::string> errors(archs.size());
  std::vector<std::thread> threads;
  for (size_t i = 0; i < archs.size(); ++i)
    threads.emplace_back([&, i] { errors[i] = errorOf(kText, archs[i]); });
  for (std::thread &thread : threads)
    thread.join();
  for (const std::string &error : errors)
    EXPECT_EQ(error, "");
}

} // namespace
} // namespace dit::codegen::cuda
