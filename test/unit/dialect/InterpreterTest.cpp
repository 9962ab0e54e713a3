// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the interpreter's C++ interface offers and no tool shows.
#include "dialect/DiTDialect.h"
#include "test/tools/Check.h"

#include "mlir/Parser/Parser.h"
#include <gtest/gtest.h>

using namespace mlir;
using namespace dit;

namespace {

class InterpreterTest : public ::testing::Test {
protected:
  InterpreterTest() { context.loadDialect<DiTDialect, func::FuncDialect>(); }

  OwningOpRef<ModuleOp> parse(StringRef text) {
    return parseSourceString<ModuleOp>(text, &context);
  }

  Tensor vector(ArrayRef<float> values) {
    return Tensor({1, int64_t(values.size())}, Float32Type::get(&context),
                  values);
  }

  MLIRContext context;
};

WeightSource noWeights() {
  return [](StringRef name, ArrayRef<int64_t>) -> llvm::Expected<Tensor> {
    return llvm::createStringError("unexpected weight " + name);
  };
}

constexpr const char *kNamed = R"(
  func.func @f(%x: tensor<?x2xf32>) -> tensor<?x1xf32> {
    %a = dit.fused row (%i = %x) : (tensor<?x2xf32>) -> tensor<?x2xf32> {
      %0 = dit.add %i, %i : tensor<?x2xf32>, tensor<?x2xf32> loc("inside")
      dit.yield %0 : tensor<?x2xf32>
    } loc("fused")
    %v = dit.slice %a dim 1 offset 1 : tensor<?x2xf32> -> tensor<?x1xf32> loc("view")
    return %v : tensor<?x1xf32>
  })";

} // namespace

TEST_F(InterpreterTest, observesEveryResultByName) {
  auto module = parse(kNamed);
  std::map<std::string, std::vector<double>> seen;
  InterpreterOptions options;
  options.observe = [&](StringRef name, const Tensor &value) {
    seen[name.str()] = value.values;
  };
  auto results = interpretFunction(*module->getOps<func::FuncOp>().begin(),
                                   vector({1, 2}), noWeights(), options);
  ASSERT_TRUE(bool(results));
  std::map<std::string, std::vector<double>> want = {
      {"inside", {2, 4}}, {"fused", {2, 4}}, {"view", {4}}};
  EXPECT_EQ(seen, want);
}

TEST_F(InterpreterTest, argumentsAreCountedAndTyped) {
  auto module = parse(kNamed);
  auto function = *module->getOps<func::FuncOp>().begin();
  auto none = interpretFunction(function, {}, noWeights());
  EXPECT_EQ(llvm::toString(none.takeError()), "@f takes 1 arguments, got 0");
  auto scalar = interpretFunction(
      function, Tensor({}, Float32Type::get(&context)), noWeights());
  EXPECT_EQ(llvm::toString(scalar.takeError()),
            "@f: 'arg0' must be ?x2 with 1 samples, got a scalar");
}

TEST_F(InterpreterTest, weightsKeepTheOrderInWhichTheyAreUsed) {
  auto module = parse(R"(
    func.func @denoise(%x: tensor<?x2xf32> {dit.name = "x"}) -> (tensor<?x2xf32> {dit.name = "out"}) {
      %b = dit.weight "b" : tensor<2xf32>
      %a = dit.weight "a" : tensor<2xf32>
      %0 = dit.mul %x, %b : tensor<?x2xf32>, tensor<2xf32>
      %1 = dit.add %0, %a : tensor<?x2xf32>, tensor<2xf32>
      return %1 : tensor<?x2xf32>
    })");
  std::vector<std::string> asked;
  auto source = [&](StringRef name,
                    ArrayRef<int64_t> shape) -> llvm::Expected<Tensor> {
    asked.push_back(name.str());
    return Tensor(shape, {},
                  name == "b" ? ArrayRef<float>{2, 3}
                              : ArrayRef<float>{10, 20});
  };
  auto outputs = interpret(*module, source, {{"x", vector({1, 1})}});
  ASSERT_TRUE(bool(outputs));
  EXPECT_EQ(asked, (std::vector<std::string>{"b", "a"}));
  EXPECT_EQ(outputs->at("out").values, (std::vector<double>{12, 23}));
}

TEST_F(InterpreterTest, sameMeaningTellsADroppedGate) {
  auto text = [](StringRef result) {
    return (R"(func.func @f(%x: tensor<?x3x4xf32>, %g: tensor<?x4xf32>) -> tensor<?x3x4xf32> {
      %0 = dit.gate %x gate(%g) : tensor<?x3x4xf32>, tensor<?x4xf32>
      return )" +
            result + " : tensor<?x3x4xf32>\n}")
        .str();
  };
  auto right = parse(text("%0")), again = parse(text("%0")),
       wrong = parse(text("%x"));
  EXPECT_TRUE(dit::test::sameMeaning(*right, *again, 1));
  EXPECT_FALSE(dit::test::sameMeaning(*right, *wrong, 1));
}
