// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What an op or a region costs, and on which machine which of two regions costs
// less: the one place that passes, the manifest and `ditc cost` ask.
#ifndef DIT_PASSES_COST_H
#define DIT_PASSES_COST_H

#include "dialect/DiTDialect.h"

namespace dit {

/// What a kernel does in one evaluation of a batch.
struct Cost {
  int64_t macs = 0; ///< multiply-accumulates, of one sample
  /// Through memory: operands and results, for the whole batch. What is made
  /// and read inside of a region is not among them.
  int64_t bytesRead = 0, bytesWritten = 0;
};

/// Of `unit`, an op or a dit.fused that runs as one kernel.
Cost costOf(mlir::Operation *unit, int64_t batch);

/// Multiply-accumulates of one sample in `op` and inside of it (the paper's
/// "Gflops" count these).
int64_t macsOf(mlir::Operation *op);

// A linear may make the rows that it reads, in its own kernel, in place of a
// row kernel. Each is empty where that costs less or the same, else a sentence
// that says why not, on the machine that the module says (any number of rows
// fits, and are made once, on one that says none).

/// A block keeps its rows: eight on ordinary cores, sixteen for tensor cores.
std::string keepingFault(LinearOp linear);
/// Nothing runs beside the making, and each `columns` output features make the
/// rows anew.
std::string remakingFault(LinearOp linear);
/// Multiplying waits until the rows are made. Where other blocks multiply
/// meanwhile nothing says what many makings cost: no GPU has measured it.
std::string waitingFault(LinearOp linear);

} // namespace dit

#endif // DIT_PASSES_COST_H
