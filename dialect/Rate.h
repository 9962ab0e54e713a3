// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How often values change: the one list of rates, slowest first, and the
// function of a module that does each rate's work.
#ifndef DIT_DIALECT_RATE_H
#define DIT_DIALECT_RATE_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include <optional>

namespace dit {

/// Work runs as rarely as what it reads changes: once a load of the weights,
/// once a prompt (text, masks, sizes), once a condition (a prompt at one t,
/// with one label and guidance), once a step (an evaluation of x).
enum class Rate { Load, Prompt, Condition, Step };

struct RateInfo {
  Rate rate;
  llvm::StringLiteral name;     ///< as `dit.every` says it
  llvm::StringLiteral function; ///< that a staged module does its work in
};

/// All rates, slowest first.
llvm::ArrayRef<RateInfo> rates();
const RateInfo &infoOf(Rate rate);
std::optional<Rate> findRate(llvm::StringRef name);

/// `load, prompt, condition or step`, for messages.
std::string listOfRates();

/// The rate of a function: what its `dit.every` says, else the one whose
/// function has its name, else Step.
Rate rateOf(mlir::func::FuncOp function);

/// How often an argument changes: an input as often as its `dit.every` says,
/// else as its function; another as often as the function `dit.from` names.
Rate rateOfArgument(mlir::func::FuncOp function, unsigned index);

/// Whether a function is one of a network's: it has a `dit.every` or the name
/// of a rate's function.
bool isOfNetwork(mlir::func::FuncOp function);

/// The functions of a module's network that have a body, slowest first and
/// otherwise in the order they stand in. The last one gives the network's
/// results; the others work for it.
llvm::SmallVector<mlir::func::FuncOp> functionsOf(mlir::ModuleOp module);

} // namespace dit

#endif // DIT_DIALECT_RATE_H
