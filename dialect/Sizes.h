// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How much a tensor of the dialect holds.
#ifndef DIT_DIALECT_SIZES_H
#define DIT_DIALECT_SIZES_H

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/Support/MathExtras.h"

namespace dit {

/// Elements of a sample; of the tensor where it has no batch.
inline int64_t elementsOf(mlir::Type type) {
  int64_t count = 1;
  for (int64_t dim : llvm::cast<mlir::RankedTensorType>(type).getShape())
    count *= mlir::ShapedType::isDynamic(dim) ? 1 : dim;
  return count;
}

/// Their bytes.
inline int64_t bytesOf(mlir::Type type) {
  auto tensor = llvm::cast<mlir::RankedTensorType>(type);
  return llvm::divideCeil(elementsOf(type) * tensor.getElementTypeBitWidth(),
                          8);
}

} // namespace dit

#endif // DIT_DIALECT_SIZES_H
