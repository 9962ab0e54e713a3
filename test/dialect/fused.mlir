// RUN: dit-opt %s | dit-opt | FileCheck %s
// RUN: dit-opt %s --mlir-print-op-generic | dit-opt | FileCheck %s

// CHECK-LABEL: @two_results
// CHECK-SAME: (%[[X:.*]]: tensor<?x4x8xf32>, %[[BRANCH:.*]]: tensor<?x4x8xf32>, %[[GATE:.*]]: tensor<?x8xf32>)
func.func @two_results(%x: tensor<?x4x8xf32>, %branch: tensor<?x4x8xf32>, %gate: tensor<?x8xf32>)
    -> (tensor<?x4x8xf32>, tensor<?x4x8xf32>) {
  // CHECK: %[[R:.*]]:2 = dit.fused row (%[[A:.*]] = %[[X]], %[[B:.*]] = %[[BRANCH]], %[[G:.*]] = %[[GATE]]) : (tensor<?x4x8xf32>, tensor<?x4x8xf32>, tensor<?x8xf32>) -> (tensor<?x4x8xf32>, tensor<?x4x8xf32>) {
  %r:2 = dit.fused row (%a = %x, %b = %branch, %g = %gate) : (tensor<?x4x8xf32>, tensor<?x4x8xf32>, tensor<?x8xf32>) -> (tensor<?x4x8xf32>, tensor<?x4x8xf32>) {
    // CHECK-NEXT: %[[GATED:.*]] = dit.gate %[[B]] gate(%[[G]])
    %0 = dit.gate %b gate(%g) : tensor<?x4x8xf32>, tensor<?x8xf32>
    // CHECK-NEXT: %[[SUM:.*]] = dit.add %[[A]], %[[GATED]]
    %1 = dit.add %a, %0 : tensor<?x4x8xf32>, tensor<?x4x8xf32>
    // CHECK-NEXT: %[[NORM:.*]] = dit.layer_norm %[[SUM]]
    %2 = dit.layer_norm %1 eps 1.0e-06 : tensor<?x4x8xf32>
    // CHECK-NEXT: dit.yield %[[SUM]], %[[NORM]]
    dit.yield %1, %2 : tensor<?x4x8xf32>, tensor<?x4x8xf32>
  }
  // CHECK: return %[[R]]#0, %[[R]]#1
  return %r#0, %r#1 : tensor<?x4x8xf32>, tensor<?x4x8xf32>
}

// Planned: a place in the arena, or -1 for what the caller places.
// CHECK-LABEL: @offsets
func.func @offsets(%x: tensor<?x4x8xf32>) -> tensor<?x4x8xf32> {
  // CHECK: offsets = array<i64: 64>
  %a = dit.fused row (%b = %x) : (tensor<?x4x8xf32>) -> tensor<?x4x8xf32> {
    %0 = dit.silu %b : tensor<?x4x8xf32>
    dit.yield %0 : tensor<?x4x8xf32>
  } {offsets = array<i64: 64>}
  // CHECK: offsets = array<i64: -1>
  %c = dit.fused row (%d = %a) : (tensor<?x4x8xf32>) -> tensor<?x4x8xf32> {
    %0 = dit.gelu tanh %d : tensor<?x4x8xf32>
    dit.yield %0 : tensor<?x4x8xf32>
  } {offsets = array<i64: -1>}
  return %c : tensor<?x4x8xf32>
}

// CHECK-LABEL: @every_kind
func.func @every_kind(%x: tensor<?x6x12xf32>, %w: tensor<12x12xf32>) -> (tensor<?x3x4x6xf32>, tensor<1x12x16xf32>) {
  // CHECK: dit.fused linear
  %h = dit.fused linear (%a = %x, %b = %w) : (tensor<?x6x12xf32>, tensor<12x12xf32>) -> tensor<?x6x12xf32> {
    %0 = dit.linear %a weight(%b) : (tensor<?x6x12xf32>, tensor<12x12xf32>) -> tensor<?x6x12xf32>
    dit.yield %0 : tensor<?x6x12xf32>
  }
  // CHECK: dit.fused attention
  %m = dit.fused attention (%a = %h) : (tensor<?x6x12xf32>) -> tensor<?x6x12xf32> {
    %0 = dit.attention %a, %a, %a heads 2 : tensor<?x6x12xf32>, tensor<?x6x12xf32> -> tensor<?x6x12xf32>
    dit.yield %0 : tensor<?x6x12xf32>
  }
  // CHECK: dit.fused patch
  %o = dit.fused patch (%a = %m) : (tensor<?x6x12xf32>) -> tensor<?x3x4x6xf32> {
    %0 = dit.unpatchify %a patch 2 : tensor<?x6x12xf32> -> tensor<?x3x4x6xf32>
    dit.yield %0 : tensor<?x3x4x6xf32>
  }
  // CHECK: dit.fused pack
  %p = dit.fused pack (%a = %w) : (tensor<12x12xf32>) -> tensor<1x12x16xf32> {
    %0 = dit.pack %a layout<panel = 16> : tensor<12x12xf32> -> tensor<1x12x16xf32>
    dit.yield %0 : tensor<1x12x16xf32>
  }
  return %o, %p : tensor<?x3x4x6xf32>, tensor<1x12x16xf32>
}
