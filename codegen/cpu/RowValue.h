// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The row generator as other skeletons use it: one token's worth of a value, into
// memory that the skeleton names. The prologue of a matmul is made of it.
#ifndef DIT_CODEGEN_CPU_ROWVALUE_H
#define DIT_CODEGEN_CPU_ROWVALUE_H

#include "codegen/cpu/Elementwise.h"

namespace dit::codegen::cpu {

/// Bytes of scratch that emitRowValue() wants for `value`; a multiple of 64, 0
/// where it wants none.
int64_t rowValueScratchBytes(const KernelBody &body, mlir::Value value);

/// Emits the code that computes row `row` of `value`, which row ops and elementwise
/// ops of the region make of its arguments, and stores its D floats at `to`
/// (nothing past them). Diagnoses an op that the row generator does not know.
mlir::LogicalResult emitRowValue(KernelBody &body, mlir::Value value,
                                 const Row &row, Ptr to, Ptr scratch);

} // namespace dit::codegen::cpu

#endif // DIT_CODEGEN_CPU_ROWVALUE_H
