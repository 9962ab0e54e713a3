// RUN: dit-opt %s --dit-join-linears | FileCheck %s
// RUN: dit-opt %s --dit-join-linears -o %t && dit-check %s %t | FileCheck %s --check-prefix=SAME
// SAME: same: {{.*}} error 0,

// CHECK-LABEL: @join_two_readers_of_one_x
// CHECK-SAME:    (%[[X:.*]]: tensor<?x4x8xf32>)
func.func @join_two_readers_of_one_x(%x: tensor<?x4x8xf32>) -> (tensor<?x4x6xf32>, tensor<?x4x10xf32>) {
  // CHECK-DAG: %[[WQ:.*]] = dit.weight "q.weight"
  // CHECK-DAG: %[[WK:.*]] = dit.weight "k.weight"
  // CHECK-DAG: %[[BQ:.*]] = dit.weight "q.bias"
  // CHECK-DAG: %[[BK:.*]] = dit.weight "k.bias"
  // CHECK-DAG: %[[W:.*]] = dit.concat %[[WQ]], %[[WK]] dim 0 : {{.*}} -> tensor<16x8xf32>
  // CHECK-DAG: %[[B:.*]] = dit.concat %[[BQ]], %[[BK]] dim 0 : {{.*}} -> tensor<16xf32>
  // CHECK:     %[[QK:.*]] = dit.linear %[[X]] weight(%[[W]]) bias(%[[B]])
  // CHECK-NOT: dit.linear
  // CHECK-DAG: %[[Q:.*]] = dit.slice %[[QK]] dim 2 offset 0 : {{.*}} -> tensor<?x4x6xf32>
  // CHECK-DAG: %[[K:.*]] = dit.slice %[[QK]] dim 2 offset 6 : {{.*}} -> tensor<?x4x10xf32>
  // CHECK:     return %[[Q]], %[[K]]
  %wq = dit.weight "q.weight" : tensor<6x8xf32>
  %bq = dit.weight "q.bias" : tensor<6xf32>
  %q = dit.linear %x weight(%wq) bias(%bq) : (tensor<?x4x8xf32>, tensor<6x8xf32>, tensor<6xf32>) -> tensor<?x4x6xf32>
  // Defined behind the first linear: the joined one needs them before.
  %wk = dit.weight "k.weight" : tensor<10x8xf32>
  %bk = dit.weight "k.bias" : tensor<10xf32>
  %k = dit.linear %x weight(%wk) bias(%bk) : (tensor<?x4x8xf32>, tensor<10x8xf32>, tensor<10xf32>) -> tensor<?x4x10xf32>
  return %q, %k : tensor<?x4x6xf32>, tensor<?x4x10xf32>
}

// A chunk of a joined projection is one slice, not a slice of a slice.
// CHECK-LABEL: @compose_slices
func.func @compose_slices(%c: tensor<?x8xf32>) -> (tensor<?x6xf32>, tensor<?x1xf32>) {
  // CHECK:     %[[J:.*]] = dit.linear
  // CHECK-DAG: dit.slice %[[J]] dim 1 offset 0 : tensor<?x10xf32> -> tensor<?x6xf32>
  // CHECK-DAG: dit.slice %[[J]] dim 1 offset 9 : tensor<?x10xf32> -> tensor<?x1xf32>
  // CHECK-NOT: dit.slice
  %w0 = dit.weight "w0" : tensor<6x8xf32>
  %w1 = dit.weight "w1" : tensor<4x8xf32>
  %p0 = dit.linear %c weight(%w0) : (tensor<?x8xf32>, tensor<6x8xf32>) -> tensor<?x6xf32>
  %p1 = dit.linear %c weight(%w1) : (tensor<?x8xf32>, tensor<4x8xf32>) -> tensor<?x4xf32>
  %s = dit.slice %p1 dim 1 offset 3 : tensor<?x4xf32> -> tensor<?x1xf32>
  return %p0, %s : tensor<?x6xf32>, tensor<?x1xf32>
}

// CHECK-LABEL: @keep_apart_who_disagrees_on_bias
func.func @keep_apart_who_disagrees_on_bias(%c: tensor<?x8xf32>) -> (tensor<?x6xf32>, tensor<?x4xf32>) {
  // CHECK-NOT: dit.concat
  %w0 = dit.weight "w0" : tensor<6x8xf32>
  %w1 = dit.weight "w1" : tensor<4x8xf32>
  %b1 = dit.weight "b1" : tensor<4xf32>
  %p0 = dit.linear %c weight(%w0) : (tensor<?x8xf32>, tensor<6x8xf32>) -> tensor<?x6xf32>
  %p1 = dit.linear %c weight(%w1) bias(%b1) : (tensor<?x8xf32>, tensor<4x8xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  return %p0, %p1 : tensor<?x6xf32>, tensor<?x4xf32>
}

// CHECK-LABEL: @keep_apart_other_x
func.func @keep_apart_other_x(%c: tensor<?x8xf32>, %d: tensor<?x8xf32>) -> (tensor<?x6xf32>, tensor<?x4xf32>) {
  // CHECK-NOT: dit.concat
  %w0 = dit.weight "w0" : tensor<6x8xf32>
  %w1 = dit.weight "w1" : tensor<4x8xf32>
  %p0 = dit.linear %c weight(%w0) : (tensor<?x8xf32>, tensor<6x8xf32>) -> tensor<?x6xf32>
  %p1 = dit.linear %d weight(%w1) : (tensor<?x8xf32>, tensor<4x8xf32>) -> tensor<?x4xf32>
  return %p0, %p1 : tensor<?x6xf32>, tensor<?x4xf32>
}

// Two ops that compute the same x are one after CSE.
// RUN: dit-opt %s --cse --dit-join-linears | FileCheck %s --check-prefix=CSE
// CSE-LABEL: @equal_x_joins_after_cse
func.func @equal_x_joins_after_cse(%c: tensor<?x8xf32>) -> (tensor<?x6xf32>, tensor<?x4xf32>) {
  // CSE:     dit.silu
  // CSE-NOT: dit.silu
  // CSE:     dit.linear
  // CSE-NOT: dit.linear
  // CSE:     return
  %w0 = dit.weight "w0" : tensor<6x8xf32>
  %w1 = dit.weight "w1" : tensor<4x8xf32>
  %s0 = dit.silu %c : tensor<?x8xf32>
  %p0 = dit.linear %s0 weight(%w0) : (tensor<?x8xf32>, tensor<6x8xf32>) -> tensor<?x6xf32>
  %s1 = dit.silu %c : tensor<?x8xf32>
  %p1 = dit.linear %s1 weight(%w1) : (tensor<?x8xf32>, tensor<4x8xf32>) -> tensor<?x4xf32>
  return %p0, %p1 : tensor<?x6xf32>, tensor<?x4xf32>
}

// The activation of an MLP beside the attention of its block stays behind its own
// linear, where no kernel of its own computes it.
// CHECK-LABEL: @keep_an_activations_linear
func.func @keep_an_activations_linear(%x: tensor<?x4x8xf32>) -> (tensor<?x4x6xf32>, tensor<?x4x10xf32>, tensor<?x4x2xf32>) {
  // CHECK-DAG: dit.linear {{.*}} -> tensor<?x4x8xf32>
  // CHECK-DAG: %[[H:.+]] = dit.linear {{.*}} -> tensor<?x4x10xf32>
  // CHECK-DAG: dit.gelu tanh %[[H]]
  %wq = dit.weight "q.weight" : tensor<6x8xf32>
  %wh = dit.weight "fc1.weight" : tensor<10x8xf32>
  %wk = dit.weight "k.weight" : tensor<2x8xf32>
  %q = dit.linear %x weight(%wq) : (tensor<?x4x8xf32>, tensor<6x8xf32>) -> tensor<?x4x6xf32>
  %h = dit.linear %x weight(%wh) : (tensor<?x4x8xf32>, tensor<10x8xf32>) -> tensor<?x4x10xf32>
  %g = dit.gelu tanh %h : tensor<?x4x10xf32>
  %k = dit.linear %x weight(%wk) : (tensor<?x4x8xf32>, tensor<2x8xf32>) -> tensor<?x4x2xf32>
  return %q, %g, %k : tensor<?x4x6xf32>, tensor<?x4x10xf32>, tensor<?x4x2xf32>
}
