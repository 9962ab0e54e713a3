// RUN: dit-opt %s --dit-fuse-linear-prologue | FileCheck %s
// RUN: dit-opt %s --dit-fuse-linear-prologue -o %t && dit-check %s %t | FileCheck %s --check-prefix=SAME
// SAME: same: {{.*}} error 0,

// CHECK-LABEL: @norm_modulate_cast
func.func @norm_modulate_cast(%x: tensor<?x4x8xf32>, %shift: tensor<?x8xf32>, %scale: tensor<?x8xf32>, %w: tensor<24x8xbf16>, %b: tensor<24xf32>) -> tensor<?x4x24xf32> {
  // CHECK:      dit.fused linear
  // CHECK-NEXT:   %[[N:.*]] = dit.layer_norm
  // CHECK-NEXT:   %[[M:.*]] = dit.modulate %[[N]]
  // CHECK-NEXT:   %[[C:.*]] = dit.cast %[[M]]
  // CHECK-NEXT:   %[[L:.*]] = dit.linear %[[C]]
  // CHECK-NEXT:   dit.yield %[[L]] :
  %n = dit.layer_norm %x eps 1.0e-06 : tensor<?x4x8xf32>
  %m = dit.modulate %n shift(%shift) scale(%scale) : tensor<?x4x8xf32>, tensor<?x8xf32>
  %c = dit.cast %m : tensor<?x4x8xf32> -> tensor<?x4x8xbf16>
  %l = dit.linear %c weight(%w) bias(%b) : (tensor<?x4x8xbf16>, tensor<24x8xbf16>, tensor<24xf32>) -> tensor<?x4x24xf32>
  return %l : tensor<?x4x24xf32>
}

// Block designs without adaLN; x goes on to the residual stream.
// CHECK-LABEL: @affine_norm
func.func @affine_norm(%x: tensor<?x4x8xf32>, %nw: tensor<8xf32>, %nb: tensor<8xf32>, %w: tensor<24x8xf32>) -> (tensor<?x4x8xf32>, tensor<?x4x24xf32>) {
  // CHECK:      dit.fused linear
  // CHECK-NEXT:   dit.layer_norm
  // CHECK-NEXT:   dit.linear
  // CHECK-NEXT:   dit.yield
  %n = dit.layer_norm %x weight(%nw : tensor<8xf32>) bias(%nb : tensor<8xf32>) eps 1.0e-06 : tensor<?x4x8xf32>
  %l = dit.linear %n weight(%w) : (tensor<?x4x8xf32>, tensor<24x8xf32>) -> tensor<?x4x24xf32>
  return %x, %l : tensor<?x4x8xf32>, tensor<?x4x24xf32>
}

// What is behind the linear already stays there, and what is fused before it comes along.
// CHECK-LABEL: @regions_on_both_sides
func.func @regions_on_both_sides(%x: tensor<?x4x8xf32>, %c: tensor<?x8xf32>, %w: tensor<6x8xf32>) -> tensor<?x4x6xf32> {
  // CHECK:      dit.fused linear
  // CHECK-NEXT:   dit.rms_norm
  // CHECK-NEXT:   dit.modulate
  // CHECK-NEXT:   dit.linear
  // CHECK-NEXT:   dit.gelu
  // CHECK-NEXT:   dit.yield
  // CHECK-NEXT: }
  // CHECK-NEXT: return
  %m = dit.fused row (%a = %x, %b = %c) : (tensor<?x4x8xf32>, tensor<?x8xf32>) -> tensor<?x4x8xf32> {
    %0 = dit.rms_norm %a eps 1.0e-06 : tensor<?x4x8xf32>
    %1 = dit.modulate %0 shift(%b) scale(%b) : tensor<?x4x8xf32>, tensor<?x8xf32>
    dit.yield %1 : tensor<?x4x8xf32>
  }
  %l = dit.fused linear (%a = %m, %b = %w) : (tensor<?x4x8xf32>, tensor<6x8xf32>) -> tensor<?x4x6xf32> {
    %0 = dit.linear %a weight(%b) : (tensor<?x4x8xf32>, tensor<6x8xf32>) -> tensor<?x4x6xf32>
    %1 = dit.gelu tanh %0 : tensor<?x4x6xf32>
    dit.yield %1 : tensor<?x4x6xf32>
  }
  return %l : tensor<?x4x6xf32>
}

// Nothing to compute anew: a gelu costs less where its x is made.
// CHECK-LABEL: @keep_rows_without_a_norm
func.func @keep_rows_without_a_norm(%x: tensor<?x4x8xf32>, %w: tensor<6x8xf32>) -> tensor<?x4x6xf32> {
  // CHECK-NOT: dit.fused
  %g = dit.gelu tanh %x : tensor<?x4x8xf32>
  %l = dit.linear %g weight(%w) : (tensor<?x4x8xf32>, tensor<6x8xf32>) -> tensor<?x4x6xf32>
  return %l : tensor<?x4x6xf32>
}
