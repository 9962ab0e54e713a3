// RUN: not dit-opt %s --dit-choose-matmuls=multiply=fp8 2>&1 | FileCheck %s --check-prefix=MULTIPLY
// RUN: not dit-opt %s --dit-choose-matmuls=by=cutlass 2>&1 | FileCheck %s --check-prefix=BY
// RUN: not dit-opt %s --dit-choose-matmuls=group=0 2>&1 | FileCheck %s --check-prefix=GROUP

// MULTIPLY: error: multiply must be f32, tf32 or bf16, but found 'fp8'
// BY: error: by must be generated or cublaslt, but found 'cutlass'
// GROUP: error: panel must be at least 0 and group at least 1, but found '0 and 0'
module {
}
