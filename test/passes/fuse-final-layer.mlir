// RUN: dit-opt %s --dit-fuse-final-layer | FileCheck %s
// RUN: sed '1i module attributes {dit.machine = #dit.machine<columns = 11, make = 3, move = 2>} {' %s | sed '$a }' | dit-opt --dit-fuse-final-layer | FileCheck %s --check-prefix=WIDE
// RUN: dit-opt %s --dit-fuse-final-layer -o %t && dit-check %s %t | FileCheck %s --check-prefix=SAME
// SAME: same: {{.*}} error 0,

// CHECK-LABEL: @norm_modulate_linear_unpatchify
// WIDE-LABEL:  @norm_modulate_linear_unpatchify
func.func @norm_modulate_linear_unpatchify(%x: tensor<?x6x8xf32>, %shift: tensor<?x8xf32>, %scale: tensor<?x8xf32>, %w: tensor<12x8xf32>, %b: tensor<12xf32>) -> tensor<?x3x4x6xf32> {
  // CHECK:     dit.fused linear
  // CHECK:       %[[N:.*]] = dit.layer_norm
  // CHECK:       %[[M:.*]] = dit.modulate %[[N]]
  // CHECK:       %[[L:.*]] = dit.linear %[[M]]
  // CHECK:       %[[O:.*]] = dit.unpatchify %[[L]]
  // CHECK:       dit.yield %[[O]]
  // 12 features are more than 11, and to make the rows twice takes longer than to move them: only unpatchify joins.
  // WIDE:      dit.modulate
  // WIDE:      dit.fused linear
  // WIDE-NEXT:   dit.linear
  // WIDE-NEXT:   dit.unpatchify
  %n = dit.layer_norm %x eps 1.0e-06 : tensor<?x6x8xf32>
  %m = dit.modulate %n shift(%shift) scale(%scale) : tensor<?x6x8xf32>, tensor<?x8xf32>
  %l = dit.linear %m weight(%w) bias(%b) : (tensor<?x6x8xf32>, tensor<12x8xf32>, tensor<12xf32>) -> tensor<?x6x12xf32>
  %o = dit.unpatchify %l patch 2 : tensor<?x6x12xf32> -> tensor<?x3x4x6xf32>
  return %o : tensor<?x3x4x6xf32>
}

// Block designs without adaLN end in an affine norm.
// CHECK-LABEL: @affine_norm
func.func @affine_norm(%x: tensor<?x6x8xf32>, %nw: tensor<8xf32>, %nb: tensor<8xf32>, %w: tensor<12x8xf32>) -> tensor<?x3x4x6xf32> {
  // CHECK:     dit.fused linear
  // CHECK:       dit.layer_norm
  // CHECK:       dit.linear
  // CHECK:       dit.unpatchify
  // CHECK:       dit.yield
  %n = dit.layer_norm %x weight(%nw : tensor<8xf32>) bias(%nb : tensor<8xf32>) eps 1.0e-06 : tensor<?x6x8xf32>
  %l = dit.linear %n weight(%w) : (tensor<?x6x8xf32>, tensor<12x8xf32>) -> tensor<?x6x12xf32>
  %o = dit.unpatchify %l patch 2 : tensor<?x6x12xf32> -> tensor<?x3x4x6xf32>
  return %o : tensor<?x3x4x6xf32>
}
