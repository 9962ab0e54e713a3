// RUN: dit-opt %s | dit-opt | FileCheck %s
// RUN: dit-opt %s --mlir-print-op-generic | dit-opt | FileCheck %s

// CHECK-LABEL: @weights
func.func @weights(%a: tensor<2x8xf32>, %b: tensor<3x8xf32>) -> tensor<5x8xf32> {
  // CHECK: dit.concat %{{.*}}, %{{.*}} dim 0 : tensor<2x8xf32>, tensor<3x8xf32> -> tensor<5x8xf32>
  %w = dit.concat %a, %b dim 0 : tensor<2x8xf32>, tensor<3x8xf32> -> tensor<5x8xf32>
  return %w : tensor<5x8xf32>
}

// CHECK-LABEL: @tokens
func.func @tokens(%a: tensor<?x4x8xf32>, %b: tensor<?x1x8xf32>) -> tensor<?x5x8xf32> {
  // CHECK: dit.concat %{{.*}}, %{{.*}} dim 1 : tensor<?x4x8xf32>, tensor<?x1x8xf32> -> tensor<?x5x8xf32>
  %w = dit.concat %a, %b dim 1 : tensor<?x4x8xf32>, tensor<?x1x8xf32> -> tensor<?x5x8xf32>
  return %w : tensor<?x5x8xf32>
}
