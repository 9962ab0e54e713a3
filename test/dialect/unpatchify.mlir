// RUN: dit-opt %s | dit-opt | FileCheck %s
// RUN: dit-opt %s --mlir-print-op-generic | dit-opt | FileCheck %s

// CHECK-LABEL: @unpatchify
func.func @unpatchify(%x: tensor<?x6x12xf32>) -> tensor<?x3x4x6xf32> {
  // CHECK: dit.unpatchify %{{.*}} patch 2 : tensor<?x6x12xf32> -> tensor<?x3x4x6xf32>
  %o = dit.unpatchify %x patch 2 : tensor<?x6x12xf32> -> tensor<?x3x4x6xf32>
  return %o : tensor<?x3x4x6xf32>
}
