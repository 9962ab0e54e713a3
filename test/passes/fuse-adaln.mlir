// RUN: dit-opt %s --dit-fuse-adaln | FileCheck %s
// RUN: dit-opt %s --dit-fuse-adaln -o %t && dit-check %s %t | FileCheck %s --check-prefix=SAME
// SAME: same: {{.*}} error 0,

// CHECK-LABEL: @norm_and_modulate
// CHECK-SAME:    (%[[X:.*]]: tensor<?x4x8xf32>, %[[SHIFT:.*]]: tensor<?x8xf32>, %[[SCALE:.*]]: tensor<?x8xf32>)
func.func @norm_and_modulate(%x: tensor<?x4x8xf32>, %shift: tensor<?x8xf32>, %scale: tensor<?x8xf32>) -> tensor<?x4x8xf32> {
  // CHECK: %[[H:.*]] = dit.fused row (%[[A:.*]] = %[[X]], %[[B:.*]] = %[[SHIFT]], %[[S:.*]] = %[[SCALE]])
  // CHECK:   %[[N:.*]] = dit.layer_norm %[[A]]
  // CHECK:   %[[M:.*]] = dit.modulate %[[N]] shift(%[[B]]) scale(%[[S]])
  // CHECK:   dit.yield %[[M]] : tensor<?x4x8xf32>
  // CHECK: return %[[H]]
  %n = dit.layer_norm %x eps 1.0e-06 : tensor<?x4x8xf32>
  %h = dit.modulate %n shift(%shift) scale(%scale) : tensor<?x4x8xf32>, tensor<?x8xf32>
  return %h : tensor<?x4x8xf32>
}

// CHECK-LABEL: @rms_norm_too
func.func @rms_norm_too(%x: tensor<?x4x8xf32>, %w: tensor<8xf32>, %c: tensor<?x8xf32>) -> tensor<?x4x8xf32> {
  // CHECK: dit.fused row (%{{.*}} = %{{.*}}, %{{.*}} = %{{.*}}, %{{.*}} = %{{.*}}) : (tensor<?x4x8xf32>, tensor<8xf32>, tensor<?x8xf32>) ->
  // CHECK:   dit.rms_norm
  // CHECK:   dit.modulate
  %n = dit.rms_norm %x weight(%w : tensor<8xf32>) eps 1.0e-06 : tensor<?x4x8xf32>
  %h = dit.modulate %n shift(%c) scale(%c) : tensor<?x4x8xf32>, tensor<?x8xf32>
  return %h : tensor<?x4x8xf32>
}

// The norm is also returned: fusing it would write it anyway.
// CHECK-LABEL: @keep_shared_norm
func.func @keep_shared_norm(%x: tensor<?x4x8xf32>, %c: tensor<?x8xf32>) -> (tensor<?x4x8xf32>, tensor<?x4x8xf32>) {
  // CHECK-NOT: dit.fused
  %n = dit.layer_norm %x eps 1.0e-06 : tensor<?x4x8xf32>
  %h = dit.modulate %n shift(%c) scale(%c) : tensor<?x4x8xf32>, tensor<?x8xf32>
  return %n, %h : tensor<?x4x8xf32>, tensor<?x4x8xf32>
}

// The scale is computed between the two: the region stands behind it.
// CHECK-LABEL: @region_stands_behind_its_operands
func.func @region_stands_behind_its_operands(%x: tensor<?x4x8xf32>, %c: tensor<?x8xf32>) -> tensor<?x4x8xf32> {
  // CHECK: %[[S:.*]] = dit.silu
  // CHECK: dit.fused row ({{.*}} = %[[S]])
  %n = dit.layer_norm %x eps 1.0e-06 : tensor<?x4x8xf32>
  %s = dit.silu %c : tensor<?x8xf32>
  %h = dit.modulate %n shift(%c) scale(%s) : tensor<?x4x8xf32>, tensor<?x8xf32>
  return %h : tensor<?x4x8xf32>
}

// A region that holds the norm already takes the modulate in.
// CHECK-LABEL: @absorb_a_region
func.func @absorb_a_region(%x: tensor<?x4x8xf32>, %c: tensor<?x8xf32>) -> (tensor<?x4x8xf32>, tensor<?x4x8xf32>) {
  // CHECK: %[[R:.*]]:2 = dit.fused row
  // CHECK:   %[[A:.*]] = dit.add
  // CHECK:   dit.layer_norm %[[A]]
  // CHECK:   %[[M:.*]] = dit.modulate
  // CHECK:   dit.yield %[[A]], %[[M]]
  // CHECK-NOT: dit.fused
  %s, %n = dit.fused row (%a = %x) : (tensor<?x4x8xf32>) -> (tensor<?x4x8xf32>, tensor<?x4x8xf32>) {
    %0 = dit.add %a, %a : tensor<?x4x8xf32>, tensor<?x4x8xf32>
    %1 = dit.layer_norm %0 eps 1.0e-06 : tensor<?x4x8xf32>
    dit.yield %0, %1 : tensor<?x4x8xf32>, tensor<?x4x8xf32>
  }
  %h = dit.modulate %n shift(%c) scale(%c) : tensor<?x4x8xf32>, tensor<?x8xf32>
  return %s, %h : tensor<?x4x8xf32>, tensor<?x4x8xf32>
}
