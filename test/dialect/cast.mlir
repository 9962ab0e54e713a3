// RUN: dit-opt %s | dit-opt | FileCheck %s
// RUN: dit-opt %s --mlir-print-op-generic | dit-opt | FileCheck %s

// CHECK-LABEL: @cast
func.func @cast(%x: tensor<?x4x8xf32>) -> tensor<?x4x8xbf16> {
  // CHECK: dit.cast %{{.*}} : tensor<?x4x8xf32> -> tensor<?x4x8xbf16>
  %h = dit.cast %x : tensor<?x4x8xf32> -> tensor<?x4x8xbf16>
  return %h : tensor<?x4x8xbf16>
}
