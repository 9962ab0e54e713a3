// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// That the comparisons of this folder can fail: every weight matters to them,
// and fusions that are wrong on purpose do not pass.
#include "CompiledModel.h"
#include "test/passes/tool/WrongFusions.h"

#include <gtest/gtest.h>

namespace dit::test {

namespace {

constexpr const char *kTiny = DIT_REPO "/model_specs/tiny.yaml";

} // namespace

TEST(Weights, EachMovesTheOutputByAHundredBudgets) {
  CompiledModel model(kTiny);
  Inputs in = model.inputs(3);
  // Every label must be seen for the table to matter; three rows see some.
  std::vector<double> as = widened(model.run(in));
  for (const auto &weight : model.manifest().weights) {
    double moved = relativeError(
        model.run(in, 2, CompiledModel::Scaled{weight.name, 1.5f}), as);
    EXPECT_GT(moved, 100 * kBudgetF32) << weight.name;
  }
}

TEST(WrongFusions, AreCaughtInCompiledCode) {
  registerWrongFusions();
  Inputs in;
  std::vector<double> want;
  {
    CompiledModel right(kTiny);
    in = right.inputs(2);
    want = right.interpret(in);
    ASSERT_LT(relativeError(right.run(in), want), kBudgetF32);
  }
  for (const char *wrong :
       {"wrong-drop-gate", "wrong-swap-shift-scale", "wrong-second-user",
        "wrong-broadcast", "wrong-order"}) {
    CompiledModel model(kTiny, {}, {wrong});
    double error = relativeError(model.run(in), want);
    EXPECT_FALSE(error < 100 * kBudgetF32)
        << wrong << " moved the output by " << error;
  }
}

} // namespace dit::test
