// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One function's execution: its blocks, regions and memory. Interpreter.h is
// the way in.
#ifndef DIT_DIALECT_FUNCTIONRUN_H
#define DIT_DIALECT_FUNCTIONRUN_H

#include "dialect/DiTDialect.h"
#include "dialect/Interpreter.h"
#include "dialect/ShadowArena.h"

#include <memory>
#include <optional>

namespace dit {

using TensorRef = std::shared_ptr<const Tensor>;

/// One run of one function, all regions included.
class FunctionRun {
public:
  FunctionRun(mlir::func::FuncOp function, const WeightSource &weights,
              const InterpreterOptions &options)
      : function(function), weights(weights), options(options) {}

  llvm::Expected<std::vector<TensorRef>>
  operator()(llvm::ArrayRef<TensorRef> arguments);

private:
  /// The values of one block while it runs: held as tensors, or in the arena.
  struct Frame {
    llvm::DenseMap<mlir::Value, TensorRef> tensors;
    llvm::DenseMap<mlir::Value, Span> spans;
    llvm::DenseMap<mlir::Operation *, llvm::SmallVector<mlir::Value>>
        dying; ///< last read by this op
    bool inArena = false;
  };

  llvm::Error bindBatch(llvm::ArrayRef<TensorRef> arguments);
  llvm::Error makeArena();
  llvm::Expected<std::vector<TensorRef>>
  runBlock(mlir::Block &block, llvm::ArrayRef<TensorRef> arguments,
           bool inArena);
  llvm::Error runOp(mlir::Operation *op, Frame &frame);
  llvm::Error runWeight(WeightOp op, Frame &frame);
  llvm::Error runFused(FusedOp op, Frame &frame);
  llvm::Expected<TensorRef> read(mlir::Value value, Frame &frame);
  llvm::Error define(mlir::Value value, TensorRef tensor, Frame &frame,
                     std::optional<int64_t> offset = {});
  Span spanOf(mlir::Value value, int64_t offset);
  llvm::Error throughTable(std::vector<TensorRef> &results);

  mlir::func::FuncOp function;
  const WeightSource &weights;
  const InterpreterOptions &options;
  int64_t batch = 1;
  std::unique_ptr<ShadowArena> arena; ///< null unless options.useArena
};

} // namespace dit

#endif // DIT_DIALECT_FUNCTIONRUN_H
