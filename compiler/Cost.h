// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a network costs, counted on its IR: parameters and multiply-accumulates.
#ifndef DIT_COMPILER_COST_H
#define DIT_COMPILER_COST_H

#include "dialect/DiTDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include <map>
#include <string>

namespace dit {

/// Multiply-accumulates of one sample in a linear or attention op, and of all
/// of them inside any other op (the paper's "Gflops" count these); 0 elsewhere.
int64_t macsOf(mlir::Operation *op);

/// The checkpoint's tensors that the module reads, by name, each with its
/// shape.
std::map<std::string, llvm::SmallVector<int64_t>>
weightsOf(mlir::ModuleOp module);

/// Numbers in all of weightsOf.
int64_t parametersOf(mlir::ModuleOp module);

} // namespace dit

#endif // DIT_COMPILER_COST_H
