// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the sizes of a model share: the packed weights.
#ifndef DIT_COMPILER_SHAREDWEIGHTS_H
#define DIT_COMPILER_SHAREDWEIGHTS_H

#include "mlir/IR/BuiltinOps.h"

namespace dit {

/// That @prepare of two planned modules makes the same below dit.shared_bytes:
/// the same values of the same weights, computed alike, at the same offsets.
/// Diagnoses, at `other`, the first value in which they differ; that is a
/// mistake of a pass.
mlir::LogicalResult checkSharedWeights(mlir::ModuleOp first,
                                       mlir::ModuleOp other);

/// Where what a planned module's @prepare makes ends; 0 where there is none.
int64_t preparedBytes(mlir::ModuleOp planned);

} // namespace dit

#endif // DIT_COMPILER_SHAREDWEIGHTS_H
