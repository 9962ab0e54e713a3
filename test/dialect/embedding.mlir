// RUN: dit-opt %s | dit-opt | FileCheck %s
// RUN: dit-opt %s --mlir-print-op-generic | dit-opt | FileCheck %s

// CHECK-LABEL: @embedding
func.func @embedding(%y: tensor<?xi32>, %w: tensor<11x8xf32>) -> tensor<?x8xf32> {
  // CHECK: dit.embedding %{{.*}} table(%{{.*}}) : tensor<?xi32>, tensor<11x8xf32> -> tensor<?x8xf32>
  %e = dit.embedding %y table(%w) : tensor<?xi32>, tensor<11x8xf32> -> tensor<?x8xf32>
  return %e : tensor<?x8xf32>
}

// CHECK-LABEL: @timestep
func.func @timestep(%t: tensor<?xf32>, %w: tensor<11x8xf32>) -> tensor<?x8xf32> {
  // CHECK: dit.embedding %{{.*}} table(%{{.*}}) : tensor<?xf32>, tensor<11x8xf32> -> tensor<?x8xf32>
  %e = dit.embedding %t table(%w) : tensor<?xf32>, tensor<11x8xf32> -> tensor<?x8xf32>
  return %e : tensor<?x8xf32>
}
