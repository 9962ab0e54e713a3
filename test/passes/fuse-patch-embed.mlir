// RUN: dit-opt %s --dit-fuse-patch-embed | FileCheck %s
// RUN: dit-opt %s --dit-fuse-patch-embed -o %t && dit-check %s %t | FileCheck %s --check-prefix=SAME
// SAME: same: {{.*}} error 0,

// CHECK-LABEL: @patchify_linear_position
// CHECK-SAME:    (%[[X:.*]]: tensor<?x3x4x6xf32>, %[[W:.*]]: tensor<8x12xf32>, %[[B:.*]]: tensor<8xf32>, %[[P:.*]]: tensor<6x8xf32>)
func.func @patchify_linear_position(%x: tensor<?x3x4x6xf32>, %w: tensor<8x12xf32>, %b: tensor<8xf32>, %table: tensor<6x8xf32>) -> tensor<?x6x8xf32> {
  // CHECK: dit.fused linear (%[[A0:.*]] = %[[X]], %[[A1:.*]] = %[[W]], %[[A2:.*]] = %[[B]], %[[A3:.*]] = %[[P]])
  // CHECK:   %[[V:.*]] = dit.patchify %[[A0]] patch 2
  // CHECK:   %[[E:.*]] = dit.linear %[[V]] weight(%[[A1]]) bias(%[[A2]])
  // CHECK:   %[[S:.*]] = dit.add %[[E]], %[[A3]]
  // CHECK:   dit.yield %[[S]]
  %v = dit.patchify %x patch 2 : tensor<?x3x4x6xf32> -> tensor<?x6x12xf32>
  %e = dit.linear %v weight(%w) bias(%b) : (tensor<?x6x12xf32>, tensor<8x12xf32>, tensor<8xf32>) -> tensor<?x6x8xf32>
  %s = dit.add %e, %table : tensor<?x6x8xf32>, tensor<6x8xf32>
  return %s : tensor<?x6x8xf32>
}

// CHECK-LABEL: @without_position
func.func @without_position(%x: tensor<?x3x4x6xf32>, %w: tensor<8x12xf32>) -> tensor<?x6x8xf32> {
  // CHECK: dit.fused linear
  // CHECK:   dit.patchify
  // CHECK:   dit.linear
  // CHECK:   dit.yield
  %v = dit.patchify %x patch 2 : tensor<?x3x4x6xf32> -> tensor<?x6x12xf32>
  %e = dit.linear %v weight(%w) : (tensor<?x6x12xf32>, tensor<8x12xf32>) -> tensor<?x6x8xf32>
  return %e : tensor<?x6x8xf32>
}

// The embedding is also read without its position: the add stays outside.
// CHECK-LABEL: @keep_shared_embedding
func.func @keep_shared_embedding(%x: tensor<?x3x4x6xf32>, %w: tensor<8x12xf32>, %table: tensor<6x8xf32>) -> (tensor<?x6x8xf32>, tensor<?x6x8xf32>) {
  // CHECK: %[[E:.*]] = dit.fused linear
  // CHECK: dit.add %[[E]]
  %v = dit.patchify %x patch 2 : tensor<?x3x4x6xf32> -> tensor<?x6x12xf32>
  %e = dit.linear %v weight(%w) : (tensor<?x6x12xf32>, tensor<8x12xf32>) -> tensor<?x6x8xf32>
  %s = dit.add %e, %table : tensor<?x6x8xf32>, tensor<6x8xf32>
  return %e, %s : tensor<?x6x8xf32>, tensor<?x6x8xf32>
}
