// RUN: dit-opt %s | dit-opt | FileCheck %s
// RUN: dit-opt %s --mlir-print-op-generic | dit-opt | FileCheck %s

// CHECK-LABEL: @silu
func.func @silu(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // CHECK: dit.silu %{{.*}} : tensor<?x8xf32>
  %h = dit.silu %x : tensor<?x8xf32>
  return %h : tensor<?x8xf32>
}
