// RUN: dit-opt %s | dit-opt | FileCheck %s
// RUN: dit-opt %s --mlir-print-op-generic | dit-opt | FileCheck %s

// CHECK-LABEL: @label_embedding
func.func @label_embedding(%y: tensor<?xi32>, %w: tensor<11x8xf32>) -> tensor<?x8xf32> {
  // CHECK: dit.label_embedding %{{.*}} table(%{{.*}}) : tensor<?xi32>, tensor<11x8xf32> -> tensor<?x8xf32>
  %e = dit.label_embedding %y table(%w) : tensor<?xi32>, tensor<11x8xf32> -> tensor<?x8xf32>
  return %e : tensor<?x8xf32>
}
