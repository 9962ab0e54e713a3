// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A linear kernel in the making: what stands before the linear as the function
// that gives x, what stands after it as the function that takes the sums, and
// the choice of the matmul template that calls them.
#ifndef DIT_CODEGEN_CUDA_LINEARTEXT_H
#define DIT_CODEGEN_CUDA_LINEARTEXT_H

#include "codegen/cuda/KernelText.h"
#include "codegen/cuda/LinearShape.h"

namespace dit::codegen::cuda {

/// What of codegen/cuda/device multiplies.
enum class MatmulTemplate {
  F32,   ///< matmul_f32.h: the ordinary cores, any shape
  Mma,   ///< matmul.h: mma.sync and cp.async, of bf16 or tf32
  Wgmma, ///< matmul_sm90.h: wgmma and TMA
};

class LinearText {
public:
  explicit LinearText(KernelText &text);

  KernelText &text;
  LinearOp linear;
  int64_t tokens, features, depth;

  /// For as many samples as tiles are chosen for.
  LinearShape shape() const;
  const Place &weight() const;
  std::string weightName() const;
  /// The pointer to x, where that is in memory.
  std::string xName() const;

  /// x is computed before the matmul, by ops that need whole rows.
  bool hasRowPrologue() const;
  bool isBf16() const;
  /// Tensor cores may multiply: bf16, or float32 that may be rounded, but for
  /// what is between pixels and tokens.
  bool isForTensorCores() const;
  /// The weight's rows, and those of an x that is in memory, can be copied 16
  /// bytes at a time: of whole such words, one behind the other.
  bool isCopiable() const;
  /// Of 4, 2 and 1, at most `most`: how many neighbouring columns the epilogue
  /// can read and write at once.
  int neighbours(int most) const;

  /// `[&](int row, int k) { ... }`, the element of x.
  mlir::FailureOr<std::string> elementFunction();
  /// `[&](int row) { ... }`, a Row of x; its values are rounded to x's type if
  /// `rounded`, else whoever stores them must do it.
  std::string rowFunction(bool rounded);
  /// `[&](int row, int column, float2 sum) { ... }`: what becomes of so many
  /// neighbouring sums, from the bias to the store. Of one: `float sum, float
  /// other`, its pair's.
  std::string epilogue(int neighbours);
  /// That of two neighbours, or of one, made to take one after the other.
  std::string pairEpilogue();

private:
  std::string read(mlir::BlockArgument operand, int neighbours,
                   llvm::StringRef column = "column") const;
  std::string rotate(RotateOp op, int neighbours) const;
  std::string store(mlir::Operation *last, llvm::StringRef name,
                    int neighbours) const;
};

/// By the element type of x, the architecture, and the shape.
MatmulTemplate chooseMatmul(const LinearText &linear);

// One for each template.
mlir::LogicalResult printMatmulF32(LinearText &linear);
mlir::LogicalResult printMatmulMma(LinearText &linear);
mlir::LogicalResult printMatmulWgmma(LinearText &linear);

/// sm_90a, a linear that fills its tiles, and what TMA can read.
bool isForWgmma(const LinearText &linear);

} // namespace dit::codegen::cuda

#endif // DIT_CODEGEN_CUDA_LINEARTEXT_H
