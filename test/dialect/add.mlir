// RUN: dit-opt %s | dit-opt | FileCheck %s
// RUN: dit-opt %s --mlir-print-op-generic | dit-opt | FileCheck %s

// CHECK-LABEL: @same_shape
func.func @same_shape(%x: tensor<?x4x8xf32>, %y: tensor<?x4x8xf32>) -> tensor<?x4x8xf32> {
  // CHECK: dit.add %{{.*}}, %{{.*}} : tensor<?x4x8xf32>, tensor<?x4x8xf32>
  %z = dit.add %x, %y : tensor<?x4x8xf32>, tensor<?x4x8xf32>
  return %z : tensor<?x4x8xf32>
}

// CHECK-LABEL: @same_for_every_sample
func.func @same_for_every_sample(%x: tensor<?x4x8xf32>, %y: tensor<4x8xf32>) -> tensor<?x4x8xf32> {
  // CHECK: dit.add %{{.*}}, %{{.*}} : tensor<?x4x8xf32>, tensor<4x8xf32>
  %z = dit.add %x, %y : tensor<?x4x8xf32>, tensor<4x8xf32>
  return %z : tensor<?x4x8xf32>
}
