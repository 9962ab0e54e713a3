// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The row generator as other skeletons use it: one token's worth of a value,
// into memory that the skeleton names. The prologue of a matmul is made of it.
#ifndef DIT_CODEGEN_CPU_ROWVALUE_H
#define DIT_CODEGEN_CPU_ROWVALUE_H

#include "codegen/cpu/Elementwise.h"

namespace dit::codegen::cpu {

/// Emits everything that the row region of `body` makes of one token, and
/// returns the bytes of body.scratch that this takes. Diagnoses an op that the
/// row generator does not know.
mlir::FailureOr<int64_t> emitRowOf(KernelBody &body, const Row &row);

/// Emits the code that computes row `row` of `value`, which row ops and
/// elementwise ops of `body`'s region make of its arguments, and stores its D
/// floats at `to` (nothing past them). Returns the bytes of `scratch` that this
/// takes.
mlir::FailureOr<int64_t> emitRowValue(const KernelBody &body, mlir::Value value,
                                      const Row &row, Ptr to, Ptr scratch);

} // namespace dit::codegen::cpu

#endif // DIT_CODEGEN_CPU_ROWVALUE_H
