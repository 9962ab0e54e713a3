// RUN: dit-opt %s | dit-opt | FileCheck %s
// RUN: dit-opt %s --mlir-print-op-generic | dit-opt | FileCheck %s

// CHECK-LABEL: @rotate
func.func @rotate(%x: tensor<?x4x24xf32>, %table: tensor<4x8xf32>) -> tensor<?x4x24xf32> {
  // CHECK: dit.rotate %{{.*}} by(%{{.*}}) features 16 : tensor<?x4x24xf32>, tensor<4x8xf32>
  %r = dit.rotate %x by(%table) features 16 : tensor<?x4x24xf32>, tensor<4x8xf32>
  return %r : tensor<?x4x24xf32>
}
