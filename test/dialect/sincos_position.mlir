// RUN: dit-opt %s | dit-opt | FileCheck %s
// RUN: dit-opt %s --mlir-print-op-generic | dit-opt | FileCheck %s

// CHECK-LABEL: @sincos_position
func.func @sincos_position() -> tensor<6x8xf32> {
  // CHECK: dit.sincos_position grid 2 x 3 : tensor<6x8xf32>
  %p = dit.sincos_position grid 2 x 3 : tensor<6x8xf32>
  return %p : tensor<6x8xf32>
}

// CHECK-LABEL: @trained
func.func @trained() -> tensor<6x8xf32> {
  // CHECK: dit.sincos_position grid 2 x 3 trained 4 x 5 : tensor<6x8xf32>
  %p = dit.sincos_position grid 2 x 3 trained 4 x 5 : tensor<6x8xf32>
  return %p : tensor<6x8xf32>
}
