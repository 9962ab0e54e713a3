// RUN: dit-opt %s | dit-opt | FileCheck %s
// RUN: dit-opt %s --mlir-print-op-generic | dit-opt | FileCheck %s

// CHECK-LABEL: @published
func.func @published(%t: tensor<?xf32>) -> tensor<?x10xf32> {
  // CHECK: dit.timestep_embedding %{{.*}} max_period 1.000000e+04 shift 0 : tensor<?xf32> -> tensor<?x10xf32>
  %e = dit.timestep_embedding %t max_period 1.0e+04 shift 0 : tensor<?xf32> -> tensor<?x10xf32>
  return %e : tensor<?x10xf32>
}

// CHECK-LABEL: @diffusers
func.func @diffusers(%t: tensor<3xf32>) -> tensor<3x10xf32> {
  // CHECK: dit.timestep_embedding %{{.*}} max_period 1.000000e+04 shift 1 : tensor<3xf32> -> tensor<3x10xf32>
  %e = dit.timestep_embedding %t max_period 1.0e+04 shift 1 : tensor<3xf32> -> tensor<3x10xf32>
  return %e : tensor<3x10xf32>
}
