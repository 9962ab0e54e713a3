// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The check that two sizes of a model have the same packed weights in the same
// places: no spec gets it wrong, so modules are written that do.
#include "compiler/SharedWeights.h"

#include "dialect/DiTDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <gtest/gtest.h>

using namespace mlir;

namespace dit::test {

namespace {

/// A weight, a sum of it and itself, and a table; `at`: where the table is.
std::string planned(const std::string &tokens, int at) {
  std::string text = R"(
    func.func @prepare() -> (tensor<4x8xf32> {dit.name = "w"}, tensor<4x8xf32> {dit.name = "sum"}, tensor<Tx8xf32> {dit.name = "pos"})
        attributes {dit.arena_bytes = 1024 : i64, dit.shared_bytes = 256 : i64} {
      %0 = dit.weight "w" : tensor<4x8xf32>
      %1 = dit.fused pack (%a = %0) : (tensor<4x8xf32>) -> tensor<4x8xf32> {
        %p = dit.pack %a : tensor<4x8xf32> -> tensor<4x8xf32>
        dit.yield %p : tensor<4x8xf32>
      } {offsets = array<i64: 0>} loc("blocks[0].w")
      %2 = dit.fused row (%a = %1) : (tensor<4x8xf32>) -> tensor<4x8xf32> {
        %p = dit.add %a, %a : tensor<4x8xf32>, tensor<4x8xf32>
        dit.yield %p : tensor<4x8xf32>
      } {offsets = array<i64: 128>} loc("blocks[0].sum")
      %3 = dit.fused row () : () -> tensor<Tx8xf32> {
        %p = dit.sincos_position grid 1 x T : tensor<Tx8xf32>
        dit.yield %p : tensor<Tx8xf32>
      } {offsets = array<i64: AT>}
      return %1, %2, %3 : tensor<4x8xf32>, tensor<4x8xf32>, tensor<Tx8xf32>
    })";
  auto replace = [&](const std::string &from, const std::string &to) {
    for (size_t i = 0; (i = text.find(from, i)) != std::string::npos;
         i += to.size())
      text.replace(i, from.size(), to);
  };
  replace("Tx8", tokens + "x8");
  replace("1 x T", "1 x " + tokens);
  replace("AT>", std::to_string(at) + ">");
  return text;
}

/// What the check says of `other` beside a model of six tokens; empty where
/// they share.
std::string complaint(std::string other) {
  MLIRContext context;
  context.loadDialect<DiTDialect, func::FuncDialect>();
  std::string said;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    said += diagnostic.str();
    return success();
  });
  auto first = parseSourceString<ModuleOp>(planned("6", 256), &context);
  auto second = parseSourceString<ModuleOp>(other, &context);
  if (!first || !second)
    return "cannot be parsed: " + said;
  LogicalResult result = checkSharedWeights(*first, *second);
  EXPECT_EQ(failed(result), !said.empty());
  return said;
}

/// planned("4", 448) with `from`, which it has, written `to`.
std::string changed(const std::string &from, const std::string &to) {
  std::string text = planned("4", 448);
  size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

} // namespace

TEST(SharedWeights, TablesMayDiffer) {
  EXPECT_EQ(complaint(planned("4", 448)), "");
}

TEST(SharedWeights, WhatDiffersIsNamed) {
  const std::string sum = "internal error: blocks[0].sum is not packed as it "
                          "is for the first size",
                    weight = "internal error: blocks[0].w is not packed as it "
                             "is for the first size";
  EXPECT_EQ(complaint(changed("%p = dit.add %a, %a", "%p = dit.mul %a, %a")),
            sum);
  EXPECT_EQ(complaint(changed("<i64: 128>", "<i64: 192>")), sum);
  EXPECT_EQ(complaint(changed("dit.name = \"sum\"", "dit.name = \"twice\"")),
            sum);
  EXPECT_EQ(complaint(changed("dit.weight \"w\"", "dit.weight \"v\"")), weight);
  EXPECT_EQ(complaint(changed("<i64: 0>", "<i64: 64>")), weight);
}

TEST(SharedWeights, OneMoreOrLessIsRefused) {
  EXPECT_EQ(
      complaint(changed("dit.shared_bytes = 256", "dit.shared_bytes = 512")),
      "internal error: 3 packed values take 512 bytes, but 2 take 256 "
      "for the first size");
  EXPECT_EQ(
      complaint(changed("dit.shared_bytes = 256", "dit.shared_bytes = 128")),
      "internal error: 1 packed values take 128 bytes, but 2 take 256 "
      "for the first size");
}

} // namespace dit::test
