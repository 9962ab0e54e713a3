// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The reference interpreter: what dit IR means, at any phase, in float64. Small
// and plain, never optimised; every pass and both targets are checked against
// it.
#ifndef DIT_DIALECT_INTERPRETER_H
#define DIT_DIALECT_INTERPRETER_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace dit {

/// A dense row-major tensor. Values are double whatever the element type is;
/// only dit.cast rounds them. Labels (i32) are held as doubles too.
struct Tensor {
  llvm::SmallVector<int64_t, 4> shape;
  mlir::Type elementType;
  std::vector<double> values;

  Tensor() = default;
  /// All zeros.
  Tensor(llvm::ArrayRef<int64_t> shape, mlir::Type elementType);
  /// float32 values, widened.
  Tensor(llvm::ArrayRef<int64_t> shape, mlir::Type elementType,
         llvm::ArrayRef<float> floats);

  int64_t size() const { return values.size(); }
  /// The size of dimension i; negative i counts from the end.
  int64_t dim(int i) const { return shape[i < 0 ? shape.size() + i : i]; }
};

/// Tensors by their `dit.name`.
using TensorMap = std::map<std::string, Tensor>;

/// Gives the weight of that name, of whatever shape the checkpoint has it, or
/// says why it cannot; `shape` is what the model expects, for the message.
using WeightSource = std::function<llvm::Expected<Tensor>(
    llvm::StringRef name, llvm::ArrayRef<int64_t> shape)>;

struct InterpreterOptions {
  /// Ignore dit.cast and what a matmul rounds to: no rounding anywhere.
  bool exact = false;
  /// Phase planned only: values live at their real offsets, in memory that is
  /// NaN wherever no live value lies. A mistake of the planner is an error, or
  /// NaNs.
  bool useArena = false;
  /// Called with every result of every op, regions included, and the op's name
  /// (`nameOf` of its location).
  std::function<void(llvm::StringRef name, const Tensor &value)> observe;
};

/// Runs the functions of the module, slowest rate first; what they return has
/// one row a sample. Returns the results of the last, the network's.
/// Errors, one sentence each: an input or a weight that is missing or of
/// another shape, a label outside its table, an op the interpreter does not
/// know, and in arena mode values that overlap or leave their memory.
llvm::Expected<TensorMap> interpret(mlir::ModuleOp module,
                                    const WeightSource &weights,
                                    const TensorMap &inputs,
                                    const InterpreterOptions &options = {});

/// Runs one function on `arguments`, one a function argument, in order.
llvm::Expected<std::vector<Tensor>>
interpretFunction(mlir::func::FuncOp function, llvm::ArrayRef<Tensor> arguments,
                  const WeightSource &weights,
                  const InterpreterOptions &options = {});

/// What messages call an argument or result: its `dit.name`, or `arg0`,
/// `result0` where there is none.
std::string nameOfArgument(mlir::func::FuncOp function, unsigned index);
std::string nameOfResult(mlir::func::FuncOp function, unsigned index);

} // namespace dit

#endif // DIT_DIALECT_INTERPRETER_H
