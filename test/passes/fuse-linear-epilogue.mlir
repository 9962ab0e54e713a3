// RUN: dit-opt %s --dit-fuse-linear-epilogue | FileCheck %s
// RUN: dit-opt %s --dit-fuse-linear-epilogue=gate-residual=true | FileCheck %s --check-prefix=GATE
// RUN: dit-opt %s --dit-fuse-linear-epilogue -o %t && dit-check %s %t | FileCheck %s --check-prefix=SAME
// RUN: dit-opt %s --dit-fuse-linear-epilogue=gate-residual=true -o %t && dit-check %s %t | FileCheck %s --check-prefix=SAME
// SAME: same: {{.*}} error 0,

// CHECK-LABEL: @gelu
// CHECK-SAME:    (%[[X:.*]]: tensor<?x4x8xf32>, %[[W:.*]]: tensor<6x8xf32>, %[[B:.*]]: tensor<6xf32>)
func.func @gelu(%x: tensor<?x4x8xf32>, %w: tensor<6x8xf32>, %b: tensor<6xf32>) -> tensor<?x4x6xf32> {
  // CHECK: dit.fused linear (%{{.*}} = %[[X]], %{{.*}} = %[[W]], %{{.*}} = %[[B]])
  // CHECK:   %[[L:.*]] = dit.linear
  // CHECK:   %[[H:.*]] = dit.gelu tanh %[[L]]
  // CHECK:   dit.yield %[[H]] :
  %l = dit.linear %x weight(%w) bias(%b) : (tensor<?x4x8xf32>, tensor<6x8xf32>, tensor<6xf32>) -> tensor<?x4x6xf32>
  %h = dit.gelu tanh %l : tensor<?x4x6xf32>
  return %h : tensor<?x4x6xf32>
}

// cuBLASLt's matmul ends with the tanh form and stores what type it is asked for, and does
// nothing else.
// CHECK-LABEL: @what_cublaslt_ends_with
// GATE-LABEL:  @what_cublaslt_ends_with
func.func @what_cublaslt_ends_with(%x: tensor<?x4x8xf32>, %w: tensor<6x8xf32>) -> (tensor<?x4x6xbf16>, tensor<?x4x6xbf16>, tensor<?x4x6xf32>) {
  // CHECK:      dit.fused linear
  // CHECK-NEXT:   dit.linear
  // CHECK-NEXT:   dit.gelu tanh
  // CHECK-NEXT:   dit.cast
  // CHECK-NEXT:   dit.yield
  %l = dit.linear %x weight(%w) matmul<multiply = f32, by = cublaslt> : (tensor<?x4x8xf32>, tensor<6x8xf32>) -> tensor<?x4x6xf32>
  %h = dit.gelu tanh %l : tensor<?x4x6xf32>
  %c = dit.cast %h : tensor<?x4x6xf32> -> tensor<?x4x6xbf16>
  // CHECK:      dit.fused linear
  // CHECK-NEXT:   dit.linear
  // CHECK-NEXT:   dit.cast
  // CHECK-NEXT:   dit.yield
  %m = dit.linear %x weight(%w) matmul<multiply = f32, by = cublaslt> : (tensor<?x4x8xf32>, tensor<6x8xf32>) -> tensor<?x4x6xf32>
  %d = dit.cast %m : tensor<?x4x6xf32> -> tensor<?x4x6xbf16>
  // CHECK-NOT:  dit.fused
  // CHECK:      dit.gelu erf
  %n = dit.linear %x weight(%w) matmul<multiply = f32, by = cublaslt> : (tensor<?x4x8xf32>, tensor<6x8xf32>) -> tensor<?x4x6xf32>
  %e = dit.gelu erf %n : tensor<?x4x6xf32>
  return %c, %d, %e : tensor<?x4x6xbf16>, tensor<?x4x6xbf16>, tensor<?x4x6xf32>
}

// CHECK-LABEL: @no_rotate_behind_cublaslt
// GATE-LABEL:  @no_rotate_behind_cublaslt
func.func @no_rotate_behind_cublaslt(%x: tensor<?x4x8xf32>, %w: tensor<6x8xf32>, %table: tensor<4x2xf32>) -> tensor<?x4x6xf32> {
  // GATE-NOT:  dit.fused
  // GATE:      dit.rotate
  %l = dit.linear %x weight(%w) matmul<multiply = f32, by = cublaslt> : (tensor<?x4x8xf32>, tensor<6x8xf32>) -> tensor<?x4x6xf32>
  %r = dit.rotate %l by(%table) features 4 : tensor<?x4x6xf32>, tensor<4x2xf32>
  return %r : tensor<?x4x6xf32>
}

// CHECK-LABEL: @no_gate_behind_cublaslt
// GATE-LABEL:  @no_gate_behind_cublaslt
func.func @no_gate_behind_cublaslt(%x: tensor<?x4x8xf32>, %w: tensor<6x8xf32>, %g: tensor<?x6xf32>) -> tensor<?x4x6xf32> {
  // GATE-NOT:  dit.fused
  // GATE:      dit.gate
  %l = dit.linear %x weight(%w) matmul<multiply = f32, by = cublaslt> : (tensor<?x4x8xf32>, tensor<6x8xf32>) -> tensor<?x4x6xf32>
  %r = dit.gate %l gate(%g) : tensor<?x4x6xf32>, tensor<?x6xf32>
  return %r : tensor<?x4x6xf32>
}

// SwiGLU with two linears: the second multiplies by the first's region.
// CHECK-LABEL: @silu_and_mul
func.func @silu_and_mul(%x: tensor<?x4x8xf32>, %w0: tensor<6x8xf32>, %w1: tensor<6x8xf32>) -> tensor<?x4x6xf32> {
  // CHECK: dit.fused linear
  // CHECK:   dit.linear
  // CHECK:   dit.silu
  // CHECK:   dit.mul
  // CHECK-NOT: dit.mul
  %l1 = dit.linear %x weight(%w1) : (tensor<?x4x8xf32>, tensor<6x8xf32>) -> tensor<?x4x6xf32>
  %l0 = dit.linear %x weight(%w0) : (tensor<?x4x8xf32>, tensor<6x8xf32>) -> tensor<?x4x6xf32>
  %s = dit.silu %l0 : tensor<?x4x6xf32>
  %m = dit.mul %s, %l1 : tensor<?x4x6xf32>, tensor<?x4x6xf32>
  return %m : tensor<?x4x6xf32>
}

// Off by default: on the CPU the row kernel that follows is worth more.
// CHECK-LABEL: @gate_and_residual
// GATE-LABEL:  @gate_and_residual
func.func @gate_and_residual(%x: tensor<?x4x8xf32>, %branch: tensor<?x4x6xf32>, %w: tensor<8x6xf32>, %g: tensor<?x8xf32>) -> tensor<?x4x8xf32> {
  // CHECK-NOT: dit.fused
  // GATE: dit.fused linear
  // GATE:   dit.linear
  // GATE:   dit.gate
  // GATE:   dit.add
  // GATE:   dit.yield
  %l = dit.linear %branch weight(%w) : (tensor<?x4x6xf32>, tensor<8x6xf32>) -> tensor<?x4x8xf32>
  %b = dit.gate %l gate(%g) : tensor<?x4x8xf32>, tensor<?x8xf32>
  %s = dit.add %x, %b : tensor<?x4x8xf32>, tensor<?x4x8xf32>
  return %s : tensor<?x4x8xf32>
}

// Nothing follows unpatchify in a region.
// CHECK-LABEL: @keep_cast_of_pixels
func.func @keep_cast_of_pixels(%x: tensor<?x6x8xf32>, %w: tensor<12x8xf32>) -> tensor<?x3x4x6xbf16> {
  // CHECK: %[[O:.*]] = dit.fused linear
  // CHECK: dit.cast %[[O]]
  %o = dit.fused linear (%a = %x, %b = %w) : (tensor<?x6x8xf32>, tensor<12x8xf32>) -> tensor<?x3x4x6xf32> {
    %0 = dit.linear %a weight(%b) : (tensor<?x6x8xf32>, tensor<12x8xf32>) -> tensor<?x6x12xf32>
    %1 = dit.unpatchify %0 patch 2 : tensor<?x6x12xf32> -> tensor<?x3x4x6xf32>
    dit.yield %1 : tensor<?x3x4x6xf32>
  }
  %c = dit.cast %o : tensor<?x3x4x6xf32> -> tensor<?x3x4x6xbf16>
  return %c : tensor<?x3x4x6xbf16>
}

// Used as a gate, a linear's result is broadcast over tokens: no epilogue.
// CHECK-LABEL: @keep_linear_that_makes_a_gate
// GATE-LABEL:  @keep_linear_that_makes_a_gate
func.func @keep_linear_that_makes_a_gate(%x: tensor<?x4x8xf32>, %c: tensor<?x6xf32>, %w: tensor<8x6xf32>) -> tensor<?x4x8xf32> {
  // CHECK-NOT: dit.fused
  // GATE-NOT: dit.fused
  %l = dit.linear %c weight(%w) : (tensor<?x6xf32>, tensor<8x6xf32>) -> tensor<?x8xf32>
  %b = dit.gate %x gate(%l) : tensor<?x4x8xf32>, tensor<?x8xf32>
  return %b : tensor<?x4x8xf32>
}

// Pairs of features turn where their sums are.
// CHECK-LABEL: @rotate
// GATE-LABEL:  @rotate
func.func @rotate(%x: tensor<?x4x8xf32>, %w: tensor<6x8xf32>, %table: tensor<4x2xf32>) -> tensor<?x4x6xbf16> {
  // CHECK:        dit.fused linear
  // CHECK-NEXT:     dit.linear
  // CHECK-NEXT:     dit.rotate
  // CHECK-NEXT:     dit.cast
  // CHECK-NEXT:     dit.yield
  // GATE:         dit.fused linear
  %l = dit.linear %x weight(%w) : (tensor<?x4x8xf32>, tensor<6x8xf32>) -> tensor<?x4x6xf32>
  %r = dit.rotate %l by(%table) features 4 : tensor<?x4x6xf32>, tensor<4x2xf32>
  %c = dit.cast %r : tensor<?x4x6xf32> -> tensor<?x4x6xbf16>
  return %c : tensor<?x4x6xbf16>
}

// CHECK-LABEL: @keep_rotate_behind_another_op
func.func @keep_rotate_behind_another_op(%x: tensor<?x4x8xf32>, %w: tensor<6x8xf32>, %table: tensor<4x2xf32>) -> tensor<?x4x6xf32> {
  // CHECK:        dit.fused linear
  // CHECK-NEXT:     dit.linear
  // CHECK-NEXT:     dit.silu
  // CHECK-NEXT:     dit.yield
  // CHECK:        dit.rotate
  %l = dit.linear %x weight(%w) : (tensor<?x4x8xf32>, tensor<6x8xf32>) -> tensor<?x4x6xf32>
  %s = dit.silu %l : tensor<?x4x6xf32>
  %r = dit.rotate %s by(%table) features 4 : tensor<?x4x6xf32>, tensor<4x2xf32>
  return %r : tensor<?x4x6xf32>
}
