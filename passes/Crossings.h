// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Values that cross from one function to another: a result of @prepare or
// @condition, and the arguments of later functions with its dit.name.
#ifndef DIT_PASSES_CROSSINGS_H
#define DIT_PASSES_CROSSINGS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

namespace dit {

/// dit.name and dit.from of an argument, "" where they are missing.
llvm::StringRef argumentName(mlir::func::FuncOp function, unsigned index);
llvm::StringRef argumentFrom(mlir::func::FuncOp function, unsigned index);

/// The argument of `function` that is the result `name` of @`from`, null where
/// there is none.
mlir::Value findArgument(mlir::func::FuncOp function, llvm::StringRef from,
                         llvm::StringRef name);

/// A new last argument with dit.name and dit.from.
mlir::Value addArgument(mlir::func::FuncOp function, mlir::Type type,
                        llvm::StringRef name, llvm::StringRef from,
                        mlir::Location loc);

/// What `function` returns under `name`, null where there is nothing.
mlir::Value findResult(mlir::func::FuncOp function, llvm::StringRef name);

/// Lets `function` return `value` as well, under `name`.
void addResult(mlir::func::FuncOp function, mlir::Value value,
               llvm::StringRef name);

/// Erases views that nobody reads, then arguments from `maker` that nobody
/// reads, then the results of `maker` that no function takes.
void dropUnread(mlir::ModuleOp module, mlir::func::FuncOp maker);

} // namespace dit

#endif // DIT_PASSES_CROSSINGS_H
