// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The phases of a module in order; a function is run by FunctionRun.cpp, what
// an op computes is in Semantics*.cpp.
#include "dialect/Interpreter.h"
#include "dialect/FunctionRun.h"
#include "dialect/Rate.h"

#include <fmt/format.h>

using namespace mlir;
using llvm::createStringError;
using llvm::Expected;
using mlir::func::FuncOp;

namespace dit {

Tensor::Tensor(ArrayRef<int64_t> shape, Type elementType)
    : shape(shape), elementType(elementType) {
  int64_t size = 1;
  for (int64_t dim : shape)
    size *= dim;
  values.resize(size);
}

Tensor::Tensor(ArrayRef<int64_t> shape, Type elementType,
               ArrayRef<float> floats)
    : shape(shape), elementType(elementType),
      values(floats.begin(), floats.end()) {}

std::string nameOfArgument(FuncOp function, unsigned i) {
  auto name = function.getArgAttrOfType<StringAttr>(i, kNameAttr);
  return name ? name.str() : fmt::format("arg{}", i);
}

std::string nameOfResult(FuncOp function, unsigned i) {
  auto name = function.getResultAttrOfType<StringAttr>(i, kNameAttr);
  return name ? name.str() : fmt::format("result{}", i);
}

/// A tensor that the caller keeps alive.
static TensorRef borrow(const Tensor &tensor) {
  return TensorRef(&tensor, [](const Tensor *) {});
}

Expected<std::vector<Tensor>>
interpretFunction(FuncOp function, ArrayRef<Tensor> arguments,
                  const WeightSource &weights,
                  const InterpreterOptions &options) {
  auto refs = llvm::map_to_vector(arguments, borrow);
  auto results = FunctionRun(function, weights, options)(refs);
  if (!results)
    return results.takeError();
  std::vector<Tensor> tensors;
  for (const TensorRef &result : *results)
    tensors.push_back(*result);
  return tensors;
}

Expected<TensorMap> interpret(ModuleOp module, const WeightSource &weights,
                              const TensorMap &inputs,
                              const InterpreterOptions &options) {
  auto functions = functionsOf(module);
  if (functions.empty())
    return createStringError("the module has no @denoise");
  std::map<std::string, std::map<std::string, TensorRef>> known; // by dit.from
  for (const auto &[name, tensor] : inputs)
    known[kFromInput.str()][name] = borrow(tensor);
  for (FuncOp function : functions) {
    std::string maker = function.getName().str();
    std::vector<TensorRef> arguments;
    for (unsigned i = 0; i < function.getNumArguments(); ++i) {
      auto attr = function.getArgAttrOfType<StringAttr>(i, kFromAttr);
      std::string from = attr ? attr.str() : kFromInput.str();
      TensorRef value = known[from][nameOfArgument(function, i)];
      if (!value)
        return createStringError(
            fmt::format("@{} reads '{}' from {}, but there is no such value",
                        maker, nameOfArgument(function, i), from));
      arguments.push_back(value);
    }
    auto results = FunctionRun(function, weights, options)(arguments);
    if (!results)
      return results.takeError();
    for (auto [i, result] : llvm::enumerate(*results))
      known[maker][nameOfResult(function, i)] = result;
  }
  TensorMap results;
  for (const auto &[name, tensor] : known[functions.back().getName().str()])
    results[name] = *tensor;
  return results;
}

} // namespace dit
