// RUN: dit-opt %s | dit-opt | FileCheck %s
// RUN: dit-opt %s --mlir-print-op-generic | dit-opt | FileCheck %s

// An F64 eps prints its shortest digits; only its presence is checked.
// CHECK-LABEL: @plain
func.func @plain(%x: tensor<?x4x8xf32>) -> tensor<?x4x8xf32> {
  // CHECK: dit.layer_norm %{{.*}} eps {{[^ ]+}} : tensor<?x4x8xf32>
  %h = dit.layer_norm %x eps 1.0e-06 : tensor<?x4x8xf32>
  return %h : tensor<?x4x8xf32>
}

// CHECK-LABEL: @affine
func.func @affine(%x: tensor<?x4x8xf32>, %w: tensor<8xf32>, %b: tensor<8xf32>) -> tensor<?x4x8xf32> {
  // CHECK: dit.layer_norm %{{.*}} weight(%{{.*}} : tensor<8xf32>) bias(%{{.*}} : tensor<8xf32>) eps {{[^ ]+}} : tensor<?x4x8xf32>
  %h = dit.layer_norm %x weight(%w : tensor<8xf32>) bias(%b : tensor<8xf32>) eps 1.0e-06 : tensor<?x4x8xf32>
  return %h : tensor<?x4x8xf32>
}
