// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The matmul's inner loop as instructions: every accumulator in a register,
// every element of A a broadcast from memory. A change of LLVM or of the
// emitted addresses that breaks this halves the speed and no value.
#include "CompiledModule.h"
#include "RegionText.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include <cstdio>
#include <gtest/gtest.h>
#include <map>

namespace dit::test {
namespace {

constexpr const char *kObjdump = "/usr/lib/llvm-22/bin/llvm-objdump";

/// The object's instructions, an address and a text each.
std::vector<std::pair<uint64_t, std::string>>
disassemble(const std::string &path) {
  std::vector<std::pair<uint64_t, std::string>> code;
  std::string command =
      std::string(kObjdump) + " -d --no-show-raw-insn " + path;
  FILE *pipe = popen(command.c_str(), "r");
  char line[512];
  while (fgets(line, sizeof line, pipe)) {
    char *end;
    uint64_t address = strtoull(line, &end, 16);
    if (end != line && *end == ':')
      code.push_back({address, end + 1});
  }
  pclose(pipe);
  return code;
}

struct Loop {
  int multiplyAdds = 0, broadcasts = 0, loads = 0, stackAccesses = 0, moves = 0;
};

/// The loop with the most multiply-adds an instruction: innermost ones are
/// those that no other backward jump lies in.
Loop hottestLoop(const std::string &path) {
  auto code = disassemble(path);
  std::map<uint64_t, size_t> at;
  for (size_t i = 0; i < code.size(); ++i)
    at[code[i].first] = i;
  Loop best;
  size_t lastJump = 0;
  for (size_t i = 0; i < code.size(); ++i) {
    const std::string &text = code[i].second;
    size_t target = text.find("\tj");
    if (target == std::string::npos ||
        (target = text.find("0x")) == std::string::npos)
      continue;
    auto begin = at.find(strtoull(text.c_str() + target, nullptr, 16));
    if (begin == at.end() || begin->second >= i)
      continue;
    bool isInnermost = begin->second >= lastJump;
    lastJump = i;
    if (!isInnermost)
      continue;
    Loop loop;
    for (size_t j = begin->second; j <= i; ++j) {
      const std::string &op = code[j].second;
      auto has = [&](const char *part) {
        return op.find(part) != std::string::npos;
      };
      bool memory = has("(%");
      loop.multiplyAdds += has("vfmadd");
      loop.broadcasts += memory && (has("vbroadcastss") || has("{1to"));
      loop.loads += memory && (has("vmovups") || has("vmovaps"));
      loop.moves += !memory && has("vmov");
      loop.stackAccesses += has("(%rsp)");
    }
    if (loop.multiplyAdds > best.multiplyAdds)
      best = loop;
  }
  return best;
}

class InnerLoop : public testing::TestWithParam<const char *> {};

TEST_P(InnerLoop, KeepsItsSumsInRegisters) {
  if (!llvm::sys::fs::can_execute(kObjdump))
    GTEST_SKIP() << "there is no " << kObjdump;
  RegionText region("linear", {-1, 256, 384});
  std::string x = region.input(), w = region.weight({1536, 384});
  std::string y = region.op(
      "linear " + x + " weight(" + w + ") : (" + tensorType({-1, 256, 384}) +
      ", " + tensorType({1536, 384}) + ") -> " + tensorType({-1, 256, 1536}));
  region.yield(
      region.op("gelu tanh " + y + " : " + tensorType({-1, 256, 1536})),
      {-1, 256, 1536});
  CompiledModule planned(region.print(), GetParam());

  mlir::MLIRContext context;
  context.loadDialect<DiTDialect, mlir::func::FuncDialect>();
  auto module =
      mlir::parseSourceString<mlir::ModuleOp>(planned.text(), &context);
  auto arch = codegen::cpu::findArch(GetParam());
  llvm::SmallString<128> path;
  ASSERT_FALSE(
      llvm::sys::fs::createTemporaryFile("ditc-inner-loop", "so", path));
  auto manifest = [](const codegen::cpu::Report &) {
    return mlir::FailureOr<std::string>(std::string("{}"));
  };
  ASSERT_TRUE(module && arch);
  ASSERT_TRUE(
      succeeded(codegen::cpu::compile(*module, *arch, manifest, path.c_str())));
  Loop loop = hottestLoop(path.c_str());
  llvm::sys::fs::remove(path);

  // 8x3 vectors and 4 steps of k, or 4x3 and 8.
  int vectors = arch->machine.panel / arch->machine.lanes;
  EXPECT_EQ(loop.multiplyAdds, 96);
  EXPECT_EQ(loop.broadcasts, 96 / vectors);
  EXPECT_EQ(loop.loads, 96 / arch->machine.tileRows);
  EXPECT_EQ(loop.stackAccesses, 0);
  EXPECT_EQ(loop.moves, 0);
}

INSTANTIATE_TEST_SUITE_P(Archs, InnerLoop,
                         testing::Values("x86-64-v3", "x86-64-v4"),
                         [](const auto &info) {
                           return std::string(info.param).substr(7);
                         });

} // namespace
} // namespace dit::test
