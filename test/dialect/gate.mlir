// RUN: dit-opt %s | dit-opt | FileCheck %s
// RUN: dit-opt %s --mlir-print-op-generic | dit-opt | FileCheck %s

// CHECK-LABEL: @gate
func.func @gate(%x: tensor<?x4x8xf32>, %g: tensor<?x8xf32>) -> tensor<?x4x8xf32> {
  // CHECK: dit.gate %{{.*}} gate(%{{.*}}) : tensor<?x4x8xf32>, tensor<?x8xf32>
  %h = dit.gate %x gate(%g) : tensor<?x4x8xf32>, tensor<?x8xf32>
  return %h : tensor<?x4x8xf32>
}
