// RUN: dit-opt %s --dit-wrap-kernels | FileCheck %s
// RUN: dit-opt %s --dit-wrap-kernels -o %t && dit-check %s %t | FileCheck %s --check-prefix=SAME
// SAME: same: {{.*}} error 0,

// CHECK: module attributes {dit.phase = "fused"}

// Views and what is fused already stay; everything else is alone in its kind.
// CHECK-LABEL: @each_op_in_its_kind
func.func @each_op_in_its_kind(%x: tensor<?x3x4x6xf32>, %w: tensor<24x12xf32>) -> tensor<?x2x4x6xf32> {
  // CHECK: dit.fused patch
  // CHECK:   dit.patchify
  // CHECK: dit.fused linear
  // CHECK:   dit.linear
  // CHECK: %[[Q:.*]] = dit.slice
  // CHECK: dit.fused attention ({{.*}} = %[[Q]])
  // CHECK:   dit.attention
  // CHECK: dit.fused row
  // CHECK:   dit.silu
  // CHECK-NEXT: dit.gelu
  // CHECK: dit.fused patch
  // CHECK:   dit.unpatchify
  %v = dit.patchify %x patch 2 : tensor<?x3x4x6xf32> -> tensor<?x6x12xf32>
  %l = dit.linear %v weight(%w) : (tensor<?x6x12xf32>, tensor<24x12xf32>) -> tensor<?x6x24xf32>
  %q = dit.slice %l dim 2 offset 16 : tensor<?x6x24xf32> -> tensor<?x6x8xf32>
  %a = dit.attention %q, %q, %q heads 2 : tensor<?x6x8xf32>, tensor<?x6x8xf32> -> tensor<?x6x8xf32>
  %r = dit.fused row (%b = %a) : (tensor<?x6x8xf32>) -> tensor<?x6x8xf32> {
    %0 = dit.silu %b : tensor<?x6x8xf32>
    %1 = dit.gelu tanh %0 : tensor<?x6x8xf32>
    dit.yield %1 : tensor<?x6x8xf32>
  }
  %o = dit.unpatchify %r patch 2 : tensor<?x6x8xf32> -> tensor<?x2x4x6xf32>
  return %o : tensor<?x2x4x6xf32>
}

// Two sequences one after the other are moved; weights are packed.
// CHECK-LABEL: @concat_of_tokens_and_of_weights
func.func @concat_of_tokens_and_of_weights(%x: tensor<?x4x8xf32>, %c: tensor<?x2x8xf32>) -> (tensor<?x6x8xf32>, tensor<7x8xf32>) {
  // CHECK: dit.fused patch
  // CHECK:   dit.concat
  // CHECK: dit.weight
  // CHECK: dit.weight
  // CHECK: dit.fused pack
  // CHECK:   dit.concat
  %s = dit.concat %x, %c dim 1 : tensor<?x4x8xf32>, tensor<?x2x8xf32> -> tensor<?x6x8xf32>
  %w0 = dit.weight "w0" : tensor<3x8xf32>
  %w1 = dit.weight "w1" : tensor<4x8xf32>
  %w = dit.concat %w0, %w1 dim 0 : tensor<3x8xf32>, tensor<4x8xf32> -> tensor<7x8xf32>
  return %s, %w : tensor<?x6x8xf32>, tensor<7x8xf32>
}

// CHECK-LABEL: @drop_what_nothing_reads
func.func @drop_what_nothing_reads(%x: tensor<?x4x8xf32>) -> tensor<?x4x8xf32> {
  // CHECK-NEXT: %[[R:.*]] = dit.fused row
  // CHECK-NEXT:   dit.silu
  // CHECK-NEXT:   dit.yield
  // CHECK-NEXT: }
  // CHECK-NEXT: return %[[R]]
  %r = dit.silu %x : tensor<?x4x8xf32>
  %a = dit.gelu tanh %r : tensor<?x4x8xf32>
  %b = dit.fused row (%a0 = %a) : (tensor<?x4x8xf32>) -> tensor<?x4x8xf32> {
    %0 = dit.silu %a0 : tensor<?x4x8xf32>
    dit.yield %0 : tensor<?x4x8xf32>
  }
  return %r : tensor<?x4x8xf32>
}
