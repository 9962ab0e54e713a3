// RUN: dit-opt %s | dit-opt | FileCheck %s
// RUN: dit-opt %s --mlir-print-op-generic | dit-opt | FileCheck %s

// CHECK-LABEL: @tokens
// CHECK-SAME: (%[[X:.*]]: tensor<?x4x8xf32>, %[[SHIFT:.*]]: tensor<?x8xf32>, %[[SCALE:.*]]: tensor<?x8xf32>)
func.func @tokens(%x: tensor<?x4x8xf32>, %b: tensor<?x8xf32>, %s: tensor<?x8xf32>) -> tensor<?x4x8xf32> {
  // CHECK: dit.modulate %[[X]] shift(%[[SHIFT]]) scale(%[[SCALE]]) : tensor<?x4x8xf32>, tensor<?x8xf32>
  %h = dit.modulate %x shift(%b) scale(%s) : tensor<?x4x8xf32>, tensor<?x8xf32>
  return %h : tensor<?x4x8xf32>
}

// CHECK-LABEL: @once_a_sample
// CHECK-SAME: (%[[X:.*]]: tensor<?x8xf32>, %[[SHIFT:.*]]: tensor<?x8xf32>, %[[SCALE:.*]]: tensor<?x8xf32>)
func.func @once_a_sample(%x: tensor<?x8xf32>, %b: tensor<?x8xf32>, %s: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // CHECK: dit.modulate %[[X]] shift(%[[SHIFT]]) scale(%[[SCALE]]) : tensor<?x8xf32>, tensor<?x8xf32>
  %h = dit.modulate %x shift(%b) scale(%s) : tensor<?x8xf32>, tensor<?x8xf32>
  return %h : tensor<?x8xf32>
}
