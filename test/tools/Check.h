// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Running modules on made-up or stored tensors, and comparing what comes out.
// For tests: dit-check is this as a tool.
#ifndef DIT_TEST_TOOLS_CHECK_H
#define DIT_TEST_TOOLS_CHECK_H

#include "dialect/Interpreter.h"
#include <cstdint>

namespace dit::test {

/// How inputs are made and how the interpreter runs.
struct CheckOptions {
  uint64_t seed = 0;
  int64_t batch = 2; ///< where an input's batch is dynamic
  bool exact = false;
  bool useArena = false;
};

/// The worst of a comparison. `error` is ||got - expected|| / ||expected||;
/// infinite where either side has a NaN or the shapes differ.
struct Difference {
  std::string tensor;
  double error = 0;
  llvm::SmallVector<int64_t> index; ///< of the element that is furthest off
  double expected = 0, got = 0;     ///< that element's
  std::string note;                 ///< says what cannot be compared
  bool within(double budget) const { return note.empty() && error <= budget; }
};

/// One line: tensor, worst index, expected, got, error, budget.
std::string describe(const Difference &difference, double budget);

Difference compareTensors(llvm::StringRef name, const Tensor &expected,
                          const Tensor &got);

/// The argument's `dit.values`, a dense constant, where it has one, else values
/// from the seed and the argument's name: labels below the smallest label
/// table, `t` in [0, 1000), all else uniform in (-1, 1).
llvm::Expected<Tensor> makeInput(mlir::func::FuncOp function, unsigned argument,
                                 const CheckOptions &options);

/// Weights with the op's `dit.values` where it has them, else
/// runtime/SeededWeights.h.
WeightSource seededWeights(mlir::ModuleOp module, uint64_t seed);

/// The same with tensor `name` scaled by `factor`.
WeightSource scaleWeight(WeightSource weights, std::string name, double factor);

/// The tensors of a safetensors file, float64 kept; labels (integers) too.
llvm::Expected<TensorMap> readTensors(mlir::MLIRContext *context,
                                      const std::string &path);
WeightSource storedWeights(TensorMap tensors);

/// Every result of a module, by `@function.name`: the network's when there is a
/// @denoise, and those of each function that is not part of it.
llvm::Expected<TensorMap> runModule(mlir::ModuleOp module,
                                    const WeightSource &weights,
                                    const CheckOptions &options);

/// Compares all results of two modules on the same inputs and weights; the
/// worst difference comes back.
llvm::Expected<Difference> compareModules(mlir::ModuleOp expected,
                                          mlir::ModuleOp got,
                                          const CheckOptions &options);

/// Runs the network on `inputs` and compares every golden tensor with the
/// output, or with the first value, of that name. What nothing is called comes
/// back too.
llvm::Expected<std::vector<Difference>>
compareGolden(mlir::ModuleOp module, const WeightSource &weights,
              const TensorMap &inputs, const TensorMap &golden,
              const CheckOptions &options);

/// For each weight, scaled by `factor`: how far the network's outputs are then
/// from `expected`. A weight for which that is little is one that no test would
/// miss.
llvm::Expected<std::map<std::string, double>>
walkWeights(mlir::ModuleOp module, const WeightSource &weights,
            const TensorMap &inputs, const TensorMap &expected, double factor,
            const CheckOptions &options);

/// Made-up inputs of the network, by name.
llvm::Expected<TensorMap> makeInputs(mlir::ModuleOp module,
                                     const CheckOptions &options);

/// True where no result differs by more than 1e-12: that is how a pass is
/// tested.
bool sameMeaning(mlir::ModuleOp a, mlir::ModuleOp b, uint64_t seed);

} // namespace dit::test

#endif // DIT_TEST_TOOLS_CHECK_H
