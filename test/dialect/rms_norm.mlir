// RUN: dit-opt %s | dit-opt | FileCheck %s
// RUN: dit-opt %s --mlir-print-op-generic | dit-opt | FileCheck %s

// CHECK-LABEL: @plain
func.func @plain(%x: tensor<?x4x8xf32>) -> tensor<?x4x8xf32> {
  // CHECK: dit.rms_norm %{{.*}} eps {{[^ ]+}} : tensor<?x4x8xf32>
  %h = dit.rms_norm %x eps 1.0e-06 : tensor<?x4x8xf32>
  return %h : tensor<?x4x8xf32>
}

// CHECK-LABEL: @weighted
func.func @weighted(%x: tensor<?x4x8xf32>, %w: tensor<8xf32>) -> tensor<?x4x8xf32> {
  // CHECK: dit.rms_norm %{{.*}} weight(%{{.*}} : tensor<8xf32>) eps {{[^ ]+}} : tensor<?x4x8xf32>
  %h = dit.rms_norm %x weight(%w : tensor<8xf32>) eps 1.0e-06 : tensor<?x4x8xf32>
  return %h : tensor<?x4x8xf32>
}
