// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a network costs, counted on its IR: parameters, multiply-accumulates,
// and the bytes that each op reads and writes.
#ifndef DIT_COMPILER_COST_H
#define DIT_COMPILER_COST_H

#include "dialect/DiTDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include <map>
#include <string>
#include <vector>

namespace dit {

/// The checkpoint's tensors that the module reads, by name, each with its
/// shape.
std::map<std::string, llvm::SmallVector<int64_t>>
weightsOf(mlir::ModuleOp module);

/// Numbers in all of weightsOf.
int64_t parametersOf(mlir::ModuleOp module);

/// What one op, or several together, cost in one evaluation of the network.
struct OpCost {
  std::string name;       ///< `blocks[3].qkv`
  std::string kind;       ///< `linear`
  int64_t count = 1;      ///< ops that these are the sums of
  int64_t parameters = 0; ///< of the tensors that no op before this one reads
  int64_t macs = 0;       ///< a sample
  /// A sample, as the paper counts. Its rule was never published; this one was
  /// found by fitting and gives every digit of its tables: macs, but the last
  /// linear for the input's channels only; the label as a one-hot vector times
  /// the table; and 2.5 a token and feature in each block.
  int64_t macsPaper = 0;
  /// For the whole batch, if the op ran alone: activations and weights.
  int64_t bytesRead = 0, bytesWritten = 0;

  /// Adds the numbers; the name and kind stay.
  OpCost &operator+=(const OpCost &other);
  /// 2 FLOP a multiply-accumulate, for each byte read or written.
  double flopsPerByte(int64_t batch) const;
};

/// The ops of a module of phase dit that an evaluation runs, in order. Views
/// cost nothing, and what depends on nothing is computed once, at load.
std::vector<OpCost> costsOf(mlir::ModuleOp module, int64_t batch);

/// Ops that differ in the number of their block alone are joined into one
/// `blocks[i].qkv` with their count and sums.
std::vector<OpCost> joinBlocks(const std::vector<OpCost> &costs);

/// All of them together.
OpCost totalOf(const std::vector<OpCost> &costs);

} // namespace dit

#endif // DIT_COMPILER_COST_H
