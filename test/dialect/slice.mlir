// RUN: dit-opt %s | dit-opt | FileCheck %s
// RUN: dit-opt %s --mlir-print-op-generic | dit-opt | FileCheck %s

// CHECK-LABEL: @features
func.func @features(%x: tensor<?x4x24xf32>) -> tensor<?x4x8xf32> {
  // CHECK: dit.slice %{{.*}} dim 2 offset 8 : tensor<?x4x24xf32> -> tensor<?x4x8xf32>
  %q = dit.slice %x dim 2 offset 8 : tensor<?x4x24xf32> -> tensor<?x4x8xf32>
  return %q : tensor<?x4x8xf32>
}

// CHECK-LABEL: @tokens
func.func @tokens(%x: tensor<?x6x8xf32>) -> tensor<?x4x8xf32> {
  // CHECK: dit.slice %{{.*}} dim 1 offset 2 : tensor<?x6x8xf32> -> tensor<?x4x8xf32>
  %q = dit.slice %x dim 1 offset 2 : tensor<?x6x8xf32> -> tensor<?x4x8xf32>
  return %q : tensor<?x4x8xf32>
}

// A weight has no batch.
// CHECK-LABEL: @rows_of_a_weight
func.func @rows_of_a_weight(%x: tensor<24x8xf32>) -> tensor<8x8xf32> {
  // CHECK: dit.slice %{{.*}} dim 0 offset 16 : tensor<24x8xf32> -> tensor<8x8xf32>
  %q = dit.slice %x dim 0 offset 16 : tensor<24x8xf32> -> tensor<8x8xf32>
  return %q : tensor<8x8xf32>
}
