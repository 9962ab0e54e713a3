// RUN: dit-opt %s | dit-opt | FileCheck %s
// RUN: dit-opt %s --mlir-print-op-generic | dit-opt | FileCheck %s

// The last panel is padded: 24 features in panels of 16.
// CHECK-LABEL: @panels
func.func @panels(%w: tensor<24x8xf32>) -> tensor<2x8x16xf32> {
  // CHECK: dit.pack %{{.*}} layout<panel = 16> : tensor<24x8xf32> -> tensor<2x8x16xf32>
  %p = dit.pack %w layout<panel = 16> : tensor<24x8xf32> -> tensor<2x8x16xf32>
  return %p : tensor<2x8x16xf32>
}

// CHECK-LABEL: @copy
func.func @copy(%w: tensor<24xf32>) -> tensor<24xf32> {
  // CHECK: dit.pack %{{.*}} : tensor<24xf32> -> tensor<24xf32>
  %p = dit.pack %w : tensor<24xf32> -> tensor<24xf32>
  return %p : tensor<24xf32>
}

// Features in pairs; the last has none beside it.
// CHECK-LABEL: @pairs
func.func @pairs(%w: tensor<24x7xbf16>) -> tensor<2x4x16x2xbf16> {
  // CHECK: dit.pack %{{.*}} layout<panel = 16, group = 2> : tensor<24x7xbf16> -> tensor<2x4x16x2xbf16>
  %p = dit.pack %w layout<panel = 16, group = 2> : tensor<24x7xbf16> -> tensor<2x4x16x2xbf16>
  return %p : tensor<2x4x16x2xbf16>
}
