// RUN: dit-opt %s --dit-fuse-conditioning | FileCheck %s
// RUN: dit-opt %s --dit-fuse-conditioning -o %t && dit-check %s %t | FileCheck %s --check-prefix=SAME
// SAME: same: {{.*}} error 0,

// CHECK-LABEL: @label_add_silu
func.func @label_add_silu(%t: tensor<?x8xf32>, %y: tensor<?xi32>, %table: tensor<11x8xf32>) -> tensor<?x8xf32> {
  // CHECK: dit.fused row
  // CHECK:   %[[L:.*]] = dit.embedding
  // CHECK:   %[[C:.*]] = dit.add %{{.*}}, %[[L]]
  // CHECK:   %[[S:.*]] = dit.silu %[[C]]
  // CHECK:   dit.yield %[[S]] :
  %l = dit.embedding %y table(%table) : tensor<?xi32>, tensor<11x8xf32> -> tensor<?x8xf32>
  %c = dit.add %t, %l : tensor<?x8xf32>, tensor<?x8xf32>
  %s = dit.silu %c : tensor<?x8xf32>
  return %s : tensor<?x8xf32>
}

// CHECK-LABEL: @c_is_read_too
func.func @c_is_read_too(%t: tensor<?x8xf32>, %u: tensor<?x8xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>) {
  // CHECK: dit.fused row
  // CHECK:   %[[C:.*]] = dit.add
  // CHECK:   %[[S:.*]] = dit.silu %[[C]]
  // CHECK:   dit.yield %[[C]], %[[S]]
  %c = dit.add %t, %u : tensor<?x8xf32>, tensor<?x8xf32>
  %s = dit.silu %c : tensor<?x8xf32>
  return %c, %s : tensor<?x8xf32>, tensor<?x8xf32>
}

// CHECK-LABEL: @keep_tokens
func.func @keep_tokens(%t: tensor<?x4x8xf32>, %u: tensor<?x4x8xf32>) -> tensor<?x4x8xf32> {
  // CHECK-NOT: dit.fused
  %c = dit.add %t, %u : tensor<?x4x8xf32>, tensor<?x4x8xf32>
  %s = dit.silu %c : tensor<?x4x8xf32>
  return %s : tensor<?x4x8xf32>
}

// A model may have learned a row for each timestep, too.
// CHECK-LABEL: @both_embeddings
func.func @both_embeddings(%t: tensor<?xf32>, %y: tensor<?xi32>, %steps: tensor<7x8xf32>, %labels: tensor<11x8xf32>) -> tensor<?x8xf32> {
  // CHECK:      dit.fused row
  // CHECK-NEXT:   dit.embedding {{.*}} tensor<?xf32>
  // CHECK-NEXT:   dit.embedding {{.*}} tensor<?xi32>
  // CHECK-NEXT:   dit.add
  // CHECK-NEXT:   dit.silu
  // CHECK-NEXT:   dit.yield
  %u = dit.embedding %t table(%steps) : tensor<?xf32>, tensor<7x8xf32> -> tensor<?x8xf32>
  %l = dit.embedding %y table(%labels) : tensor<?xi32>, tensor<11x8xf32> -> tensor<?x8xf32>
  %c = dit.add %u, %l : tensor<?x8xf32>, tensor<?x8xf32>
  %s = dit.silu %c : tensor<?x8xf32>
  return %s : tensor<?x8xf32>
}
