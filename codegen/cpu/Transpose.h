// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// As many vectors as a vector has lanes, turned: what is packed in panels was
// read along the other direction.
#ifndef DIT_CODEGEN_CPU_TRANSPOSE_H
#define DIT_CODEGEN_CPU_TRANSPOSE_H

#include "codegen/host/Emit.h"

namespace dit::codegen::cpu {

/// rows[i][j] becomes rows[j][i].
void transpose(llvm::SmallVectorImpl<Num> &rows);

} // namespace dit::codegen::cpu

#endif // DIT_CODEGEN_CPU_TRANSPOSE_H
