// RUN: dit-opt %s | dit-opt | FileCheck %s
// RUN: dit-opt %s --mlir-print-op-generic | dit-opt | FileCheck %s

// CHECK-LABEL: @rotary_position
func.func @rotary_position() -> tensor<6x8xf32> {
  // CHECK: dit.rotary_position grid 2 x 3 theta 1.000000e+04 : tensor<6x8xf32>
  %p = dit.rotary_position grid 2 x 3 theta 1.0e+04 : tensor<6x8xf32>
  return %p : tensor<6x8xf32>
}

// CHECK-LABEL: @trained_and_past_the_grid
func.func @trained_and_past_the_grid() -> tensor<8x4xf32> {
  // CHECK: dit.rotary_position grid 2 x 3 trained 4 x 5 theta 1.000000e+02 : tensor<8x4xf32>
  %p = dit.rotary_position grid 2 x 3 trained 4 x 5 theta 100.0 : tensor<8x4xf32>
  return %p : tensor<8x4xf32>
}
