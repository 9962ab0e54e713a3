// RUN: dit-opt %s | dit-opt | FileCheck %s
// RUN: dit-opt %s --mlir-print-op-generic | dit-opt | FileCheck %s

// CHECK-LABEL: @two_dimensions
func.func @two_dimensions() -> tensor<24x8xf32> {
  // CHECK: dit.weight "blocks.0.attn.qkv.weight" : tensor<24x8xf32>
  %w = dit.weight "blocks.0.attn.qkv.weight" : tensor<24x8xf32>
  return %w : tensor<24x8xf32>
}

// The element type is that of the checkpoint.
// CHECK-LABEL: @half_precision
func.func @half_precision() -> tensor<3xbf16> {
  // CHECK: dit.weight "b" : tensor<3xbf16>
  %w = dit.weight "b" : tensor<3xbf16>
  return %w : tensor<3xbf16>
}
