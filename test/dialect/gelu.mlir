// RUN: dit-opt %s | dit-opt | FileCheck %s
// RUN: dit-opt %s --mlir-print-op-generic | dit-opt | FileCheck %s

// CHECK-LABEL: @tanh
func.func @tanh(%x: tensor<?x4x8xf32>) -> tensor<?x4x8xf32> {
  // CHECK: dit.gelu tanh %{{.*}} : tensor<?x4x8xf32>
  %h = dit.gelu tanh %x : tensor<?x4x8xf32>
  return %h : tensor<?x4x8xf32>
}

// CHECK-LABEL: @erf
func.func @erf(%x: tensor<?x4x8xf32>) -> tensor<?x4x8xf32> {
  // CHECK: dit.gelu erf %{{.*}} : tensor<?x4x8xf32>
  %h = dit.gelu erf %x : tensor<?x4x8xf32>
  return %h : tensor<?x4x8xf32>
}
