// RUN: dit-opt %s | dit-opt | FileCheck %s
// RUN: dit-opt %s --mlir-print-op-generic | dit-opt | FileCheck %s

// CHECK-LABEL: @patchify
func.func @patchify(%x: tensor<?x3x4x6xf32>) -> tensor<?x6x12xf32> {
  // CHECK: dit.patchify %{{.*}} patch 2 : tensor<?x3x4x6xf32> -> tensor<?x6x12xf32>
  %v = dit.patchify %x patch 2 : tensor<?x3x4x6xf32> -> tensor<?x6x12xf32>
  return %v : tensor<?x6x12xf32>
}
