// RUN: dit-opt %s --dit-choose-matmuls="panel=5 group=2" --dit-plan-layouts | FileCheck %s
// RUN: dit-opt %s --dit-choose-matmuls="panel=5 group=2" --dit-plan-layouts -o %t && dit-check %s %t | FileCheck %s --check-prefix=SAME
// SAME: same: {{.*}} error 0,

// bfloat16 is packed in pairs of features, in the region that rounds it; float32 is not.
// CHECK-LABEL: @prepare
// CHECK-SAME:    -> (tensor<2x4x5x2xbf16> {dit.name = "narrow.packed"}, tensor<1x8x5xf32> {dit.name = "wide.packed"})
// CHECK:         dit.fused pack
// CHECK-NEXT:      %[[N:.*]] = dit.cast %{{.*}} : tensor<8x8xf32> -> tensor<8x8xbf16>
// CHECK-NEXT:      dit.pack %[[N]] layout<panel = 5, group = 2> : tensor<8x8xbf16> -> tensor<2x4x5x2xbf16>
func.func @prepare() -> (tensor<8x8xbf16> {dit.name = "narrow"}, tensor<4x8xf32> {dit.name = "wide"}) {
  %w = dit.weight "narrow" : tensor<8x8xf32>
  %v = dit.weight "wide" : tensor<4x8xf32>
  %n = dit.fused pack (%a = %w) : (tensor<8x8xf32>) -> tensor<8x8xbf16> {
    %0 = dit.cast %a : tensor<8x8xf32> -> tensor<8x8xbf16>
    dit.yield %0 : tensor<8x8xbf16>
  }
  return %n, %v : tensor<8x8xbf16>, tensor<4x8xf32>
}
func.func @condition() {
  return
}
// CHECK-LABEL: @denoise
// CHECK:         dit.linear %{{.*}} : (tensor<?x3x8xbf16>, tensor<2x4x5x2xbf16>) -> tensor<?x3x8xf32>
// CHECK:         dit.linear %{{.*}} : (tensor<?x3x8xf32>, tensor<1x8x5xf32>) -> tensor<?x3x4xf32>
func.func @denoise(%x: tensor<?x3x8xf32> {dit.name = "x", dit.from = "input"}, %n: tensor<8x8xbf16> {dit.name = "narrow", dit.from = "prepare"}, %v: tensor<4x8xf32> {dit.name = "wide", dit.from = "prepare"}) -> (tensor<?x3x4xf32> {dit.name = "out"}) {
  %r = dit.fused row (%a = %x) : (tensor<?x3x8xf32>) -> tensor<?x3x8xbf16> {
    %0 = dit.cast %a : tensor<?x3x8xf32> -> tensor<?x3x8xbf16>
    dit.yield %0 : tensor<?x3x8xbf16>
  }
  %h = dit.fused linear (%a = %r, %w = %n) : (tensor<?x3x8xbf16>, tensor<8x8xbf16>) -> tensor<?x3x8xf32> {
    %0 = dit.linear %a weight(%w) : (tensor<?x3x8xbf16>, tensor<8x8xbf16>) -> tensor<?x3x8xf32>
    dit.yield %0 : tensor<?x3x8xf32>
  }
  %o = dit.fused linear (%a = %h, %w = %v) : (tensor<?x3x8xf32>, tensor<4x8xf32>) -> tensor<?x3x4xf32> {
    %0 = dit.linear %a weight(%w) : (tensor<?x3x8xf32>, tensor<4x8xf32>) -> tensor<?x3x4xf32>
    dit.yield %0 : tensor<?x3x4xf32>
  }
  return %o : tensor<?x3x4xf32>
}
