// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Values of a region one element at a time, found by following its index back:
// through patchify, concat, reshape and pack to what is in memory.
#ifndef DIT_CODEGEN_CUDA_ELEMENTTEXT_H
#define DIT_CODEGEN_CUDA_ELEMENTTEXT_H

#include "codegen/cuda/KernelText.h"

namespace dit::codegen::cuda {

/// Prints to `out` the statements that an element needs.
class ElementPrinter {
public:
  /// Indices are ints, or `long long`s where a tensor has more elements.
  ElementPrinter(const KernelText &text, std::string &out,
                 llvm::StringRef indent, bool isLong = false)
      : text(text), out(out), indent(indent),
        integer(isLong ? "long long" : "int") {}

  /// The expression of element `index` of a sample of `value`, counted
  /// row-major; `index` is a name. Diagnoses at the region what it cannot
  /// print.
  mlir::FailureOr<std::string> at(mlir::Value value, llvm::StringRef index);

private:
  using Result = mlir::FailureOr<std::string>;
  Result patch(PatchifyOp op, llvm::StringRef index);
  Result unpatch(UnpatchifyOp op, llvm::StringRef index);
  Result concat(ConcatOp op, llvm::StringRef index);
  Result binary(mlir::Operation *op, char sign, llvm::StringRef index);
  Result cast(CastOp op, llvm::StringRef index);
  Result pack(PackOp op, llvm::StringRef index);
  /// The name of a new int with this value.
  std::string let(llvm::StringRef prefix, std::string value);
  void line(std::string statement);

  const KernelText &text;
  std::string &out;
  std::string indent;
  int count = 0;
  const char *integer; ///< the type of indices
};

} // namespace dit::codegen::cuda

#endif // DIT_CODEGEN_CUDA_ELEMENTTEXT_H
