// RUN: dit-opt %s --dit-fuse-cast | FileCheck %s
// RUN: dit-opt %s --dit-fuse-cast -o %t && dit-check %s %t | FileCheck %s --check-prefix=SAME
// SAME: same: {{.*}} error 0,

// CHECK-LABEL: @attention
func.func @attention(%q: tensor<?x4x8xbf16>) -> tensor<?x4x8xbf16> {
  // CHECK:      dit.fused attention {{.*}} -> tensor<?x4x8xbf16>
  // CHECK-NEXT:   %[[A:.*]] = dit.attention
  // CHECK-NEXT:   %[[C:.*]] = dit.cast %[[A]]
  // CHECK-NEXT:   dit.yield %[[C]] :
  %a = dit.attention %q, %q, %q heads 2 : tensor<?x4x8xbf16>, tensor<?x4x8xbf16> -> tensor<?x4x8xf32>
  %c = dit.cast %a : tensor<?x4x8xf32> -> tensor<?x4x8xbf16>
  return %c : tensor<?x4x8xbf16>
}

// CHECK-LABEL: @linear
func.func @linear(%x: tensor<?x4x8xbf16>, %w: tensor<24x8xbf16>) -> (tensor<?x4x8xbf16>, tensor<?x4x8xbf16>) {
  // CHECK:      dit.fused linear {{.*}} -> tensor<?x4x24xbf16>
  // CHECK-NEXT:   dit.linear
  // CHECK-NEXT:   dit.cast
  // CHECK-NEXT:   dit.yield
  %l = dit.linear %x weight(%w) : (tensor<?x4x8xbf16>, tensor<24x8xbf16>) -> tensor<?x4x24xf32>
  %c = dit.cast %l : tensor<?x4x24xf32> -> tensor<?x4x24xbf16>
  %q = dit.slice %c dim 2 offset 0 : tensor<?x4x24xbf16> -> tensor<?x4x8xbf16>
  %k = dit.slice %c dim 2 offset 8 : tensor<?x4x24xbf16> -> tensor<?x4x8xbf16>
  return %q, %k : tensor<?x4x8xbf16>, tensor<?x4x8xbf16>
}

// A row kernel writes both: the stream takes the sum as it is.
// CHECK-LABEL: @rows_and_their_rounding
func.func @rows_and_their_rounding(%x: tensor<?x4x8xf32>, %y: tensor<?x4x8xf32>) -> (tensor<?x4x8xf32>, tensor<?x4x8xbf16>) {
  // CHECK:      dit.fused row {{.*}} -> (tensor<?x4x8xf32>, tensor<?x4x8xbf16>)
  // CHECK-NEXT:   %[[S:.*]] = dit.add
  // CHECK-NEXT:   %[[N:.*]] = dit.silu %[[S]]
  // CHECK-NEXT:   %[[C:.*]] = dit.cast %[[N]]
  // CHECK-NEXT:   dit.yield %[[S]], %[[C]] :
  %s, %n = dit.fused row (%a = %x, %b = %y) : (tensor<?x4x8xf32>, tensor<?x4x8xf32>) -> (tensor<?x4x8xf32>, tensor<?x4x8xf32>) {
    %0 = dit.add %a, %b : tensor<?x4x8xf32>, tensor<?x4x8xf32>
    %1 = dit.silu %0 : tensor<?x4x8xf32>
    dit.yield %0, %1 : tensor<?x4x8xf32>, tensor<?x4x8xf32>
  }
  %c = dit.cast %n : tensor<?x4x8xf32> -> tensor<?x4x8xbf16>
  return %s, %c : tensor<?x4x8xf32>, tensor<?x4x8xbf16>
}

// PlanLayouts rounds a weight where it packs it.
// CHECK-LABEL: @keep_cast_of_a_weight
func.func @keep_cast_of_a_weight() -> tensor<4x8xbf16> {
  // CHECK-NOT: dit.fused
  %w = dit.weight "w" : tensor<4x8xf32>
  %v = dit.weight "v" : tensor<4x8xf32>
  %s = dit.add %w, %v : tensor<4x8xf32>, tensor<4x8xf32>
  %c = dit.cast %s : tensor<4x8xf32> -> tensor<4x8xbf16>
  return %c : tensor<4x8xbf16>
}
