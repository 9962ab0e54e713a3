// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The one expression printer of the CUDA target. Ops are printed alike wherever
// they stand: over rows in row kernels and prologues, over single elements in
// epilogues; only how a region argument is read differs.
#ifndef DIT_CODEGEN_CUDA_EXPRESSIONS_H
#define DIT_CODEGEN_CUDA_EXPRESSIONS_H

#include "codegen/cuda/KernelText.h"
#include <functional>

namespace dit::codegen::cuda {

/// An op as the paper writes it, its operands by name: in code for the ops of
/// rows, in comments for all.
std::string formula(mlir::Operation *op, const ValueNames &names);

/// `x_msa = x + gated_msa; norm2 = layer_norm(x_msa, 1e-06f)`: a whole body.
std::string formulas(FusedOp op, const ValueNames &names);

/// Prints a statement for each value that is asked for, operands first:
/// `const auto x_msa = x + gated_msa;`.
class ExpressionPrinter {
public:
  /// The expression that reads a region argument at the place in question.
  using Read = std::function<std::string(mlir::BlockArgument)>;
  /// The expression of an op that looks into a table itself, dit.embedding or
  /// dit.rotate; what else it reads has its name.
  using LookUp = std::function<std::string(mlir::Operation *)>;

  ExpressionPrinter(const ValueNames &names, std::string &out,
                    llvm::StringRef indent, Read read, LookUp lookUp)
      : names(names), out(out), indent(indent), read(std::move(read)),
        lookUp(std::move(lookUp)) {}

  /// The statements before this place name it already.
  void define(mlir::Value value) { known.insert(value); }

  /// The value's name, after the statements that make it.
  llvm::StringRef at(mlir::Value value);

private:
  const ValueNames &names;
  std::string &out;
  std::string indent;
  Read read;
  LookUp lookUp;
  llvm::DenseSet<mlir::Value> known;
};

} // namespace dit::codegen::cuda

#endif // DIT_CODEGEN_CUDA_EXPRESSIONS_H
