// RUN: dit-opt %s --dit-fuse-linear-epilogue --dit-fuse-rows --dit-verify-regions --split-input-file | FileCheck %s

// SwiGLU of one linear: the two halves of its result meet in one kernel.
// CHECK-LABEL: @gated
func.func @gated(%h: tensor<?x4x16xf32>) -> tensor<?x4x8xf32> {
  // CHECK: %[[A:.+]] = dit.slice
  // CHECK: %[[B:.+]] = dit.slice
  %a = dit.slice %h dim 2 offset 0 : tensor<?x4x16xf32> -> tensor<?x4x8xf32>
  %b = dit.slice %h dim 2 offset 8 : tensor<?x4x16xf32> -> tensor<?x4x8xf32>
  // CHECK: dit.fused row (%[[X:.+]] = %[[A]], %[[Y:.+]] = %[[B]])
  // CHECK-NEXT: %[[S:.+]] = dit.silu %[[X]]
  // CHECK-NEXT: dit.mul %[[S]], %[[Y]]
  %s = dit.silu %a : tensor<?x4x8xf32>
  %m = dit.mul %s, %b : tensor<?x4x8xf32>, tensor<?x4x8xf32>
  return %m : tensor<?x4x8xf32>
}

// -----

// A chain is one kernel, and so is what two makers give to one reader.
// CHECK-LABEL: @tree
func.func @tree(%x: tensor<?x4x8xf32>, %y: tensor<?x4x8xf32>) -> tensor<?x4x8xf32> {
  // CHECK: dit.fused row
  // CHECK-DAG: dit.gelu
  // CHECK-DAG: dit.layer_norm
  // CHECK-DAG: dit.silu
  // CHECK: dit.add
  // CHECK-NOT: dit.fused
  %n = dit.layer_norm %x eps 1.0e-6 : tensor<?x4x8xf32>
  %g = dit.gelu tanh %n : tensor<?x4x8xf32>
  %s = dit.silu %y : tensor<?x4x8xf32>
  %r = dit.add %g, %s : tensor<?x4x8xf32>, tensor<?x4x8xf32>
  return %r : tensor<?x4x8xf32>
}

// -----

// A linear keeps what stands behind it.
// CHECK-LABEL: @behind_a_linear
func.func @behind_a_linear(%x: tensor<?x4x8xf32>, %w: tensor<8x8xf32>, %y: tensor<?x4x8xf32>) -> tensor<?x4x8xf32> {
  // CHECK: dit.fused linear
  // CHECK-NEXT: dit.linear
  // CHECK-NEXT: dit.silu
  // CHECK-NEXT: dit.mul
  // CHECK-NOT: dit.fused row
  %h = dit.linear %x weight(%w) : (tensor<?x4x8xf32>, tensor<8x8xf32>) -> tensor<?x4x8xf32>
  %s = dit.silu %h : tensor<?x4x8xf32>
  %m = dit.mul %s, %y : tensor<?x4x8xf32>, tensor<?x4x8xf32>
  return %m : tensor<?x4x8xf32>
}

// -----

// Two kernels read the activation, so it is written anyway.
// CHECK-LABEL: @two_readers
func.func @two_readers(%x: tensor<?x4x8xf32>, %y: tensor<?x4x8xf32>) -> (tensor<?x4x8xf32>, tensor<?x4x8xf32>) {
  // CHECK-NOT: dit.fused
  %s = dit.silu %x : tensor<?x4x8xf32>
  %m = dit.mul %s, %y : tensor<?x4x8xf32>, tensor<?x4x8xf32>
  %g = dit.layer_norm %s eps 1.0e-6 : tensor<?x4x8xf32>
  return %m, %g : tensor<?x4x8xf32>, tensor<?x4x8xf32>
}

// -----

// One row a sample is not the rows of its tokens.
// CHECK-LABEL: @a_condition
func.func @a_condition(%x: tensor<?x4x8xf32>, %c: tensor<?x8xf32>) -> tensor<?x4x8xf32> {
  // CHECK-NOT: dit.fused
  %s = dit.silu %c : tensor<?x8xf32>
  %g = dit.gate %x gate(%s) : tensor<?x4x8xf32>, tensor<?x8xf32>
  return %g : tensor<?x4x8xf32>
}
