// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which of an artifact's alternatives a GPU runs; and the layout of what a
// graph of steps reads. What needs a driver is tested with one in
// test/runtime/cuda.
#include "Fixture.h"

#include "runtime/cuda/Alternatives.h"
#include "runtime/cuda/Driver.h"
#include "runtime/cuda/StepRunner.h"

namespace dit::runtime::cuda::test {
namespace {

TEST(CudaAlternatives, AnArchIsForAFamilyOrForOneGpu) {
  EXPECT_TRUE(runs("sm_80", 8, 0));
  EXPECT_TRUE(runs("sm_80", 8, 9));
  EXPECT_FALSE(runs("sm_86", 8, 0));
  EXPECT_FALSE(runs("sm_80", 9, 0));
  EXPECT_TRUE(runs("sm_90a", 9, 0));
  EXPECT_FALSE(runs("sm_90a", 9, 1));
  EXPECT_FALSE(runs("sm_90a", 10, 0));
  EXPECT_TRUE(runs("sm_100", 10, 3));
  EXPECT_FALSE(runs("x86-64-v4", 8, 6));
  EXPECT_FALSE(runs("sm_", 0, 0));
  EXPECT_FALSE(runs("sm_90ab", 9, 0));
}

std::vector<Alternative>
alternatives(std::initializer_list<const char *> archs) {
  std::vector<Alternative> list(archs.size());
  size_t i = 0;
  for (const char *arch : archs) {
    list[i].manifest.arch = arch;
    list[i].manifest.matmul = i % 2 ? "cublaslt" : "generated";
    ++i;
  }
  return list;
}

std::vector<const Alternative *> all(const std::vector<Alternative> &list) {
  std::vector<const Alternative *> pointers;
  for (const Alternative &alternative : list)
    pointers.push_back(&alternative);
  return pointers;
}

/// "sm_86 1": arch and place in the list of those that fit.
std::string chosen(const std::vector<Alternative> &list, int major, int minor) {
  std::string text;
  for (const Alternative *a : fitting(all(list), major, minor))
    text += a->manifest.arch + " " + std::to_string(a - list.data()) + ";";
  return text;
}

TEST(CudaAlternatives, TheNewestArchThatFitsIsChosen) {
  auto list = alternatives({"sm_80", "sm_90a", "sm_86", "sm_90", "sm_86"});
  EXPECT_EQ(chosen(list, 8, 0), "sm_80 0;");
  EXPECT_EQ(chosen(list, 8, 6), "sm_86 2;sm_86 4;");
  EXPECT_EQ(chosen(list, 8, 9), "sm_86 2;sm_86 4;");
  EXPECT_EQ(chosen(list, 9, 0), "sm_90a 1;");
  EXPECT_EQ(chosen(list, 9, 1), "sm_90 3;");
  EXPECT_EQ(chosen(list, 7, 5), "");
  EXPECT_EQ(showArchs(all(list)), "sm_80, sm_90a, sm_86, sm_90");
}

TEST(StepInputs, PartsDoNotOverlap) {
  StepInputs layout{3, 2, 12};
  alignas(256) char block[2048];
  ASSERT_LE(layout.bytes(), 2048);
  auto *rows = reinterpret_cast<char *>(layout.rows(block));
  auto *index = reinterpret_cast<char *>(layout.rowIndex(block));
  auto *noise = reinterpret_cast<char *>(layout.noise(block));
  EXPECT_EQ(rows, block);
  EXPECT_EQ(index - rows, 3 * 96);
  EXPECT_GE(noise - index, 3 * 4 * 4); // guided: 4 rows a step
  EXPECT_EQ((noise - block) % 256, 0);
  EXPECT_EQ(layout.bytes() - (noise - block), 3 * 2 * 12 * 4);
}

TEST(StepRunner, AGraphHasFewerStepsWhereAStepHasManyKernels) {
  Manifest m;
  m.functions.resize(1);
  m.functions[0].kernels.resize(150);
  EXPECT_EQ(StepRunner::stepsAtOnce(m), 10);
  m.functions[0].kernels.resize(511);
  EXPECT_EQ(StepRunner::stepsAtOnce(m), 4);
  m.functions[0].kernels.resize(5000);
  EXPECT_EQ(StepRunner::stepsAtOnce(m), 1);
}

TEST(Driver, VersionsAreShownAsPeopleSayThem) {
  EXPECT_EQ(showCudaVersion(12040), "12.4");
  EXPECT_EQ(showCudaVersion(13000), "13.0");
}

} // namespace
} // namespace dit::runtime::cuda::test
