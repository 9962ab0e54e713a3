// RUN: dit-opt %s | dit-opt | FileCheck %s
// RUN: dit-opt %s --mlir-print-op-generic | dit-opt | FileCheck %s

// CHECK-LABEL: @static
func.func @static(%x: tensor<8x3x2x2xf32>) -> tensor<8x12xf32> {
  // CHECK: dit.reshape %{{.*}} : tensor<8x3x2x2xf32> -> tensor<8x12xf32>
  %m = dit.reshape %x : tensor<8x3x2x2xf32> -> tensor<8x12xf32>
  return %m : tensor<8x12xf32>
}

// CHECK-LABEL: @batched
func.func @batched(%x: tensor<?x8xf32>) -> tensor<?x1x8xf32> {
  // CHECK: dit.reshape %{{.*}} : tensor<?x8xf32> -> tensor<?x1x8xf32>
  %m = dit.reshape %x : tensor<?x8xf32> -> tensor<?x1x8xf32>
  return %m : tensor<?x1x8xf32>
}
