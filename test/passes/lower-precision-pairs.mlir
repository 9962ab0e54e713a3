// RUN: dit-opt %s --dit-choose-matmuls="multiply=bf16 group=2" --dit-lower-precision=pairs --split-input-file | FileCheck %s

// Two heads of four features, and eight of the linear: all in pairs.
// CHECK-LABEL: @round_pairs
func.func @denoise(%x: tensor<?x4x8xf32> {dit.name = "x"}) -> tensor<?x4x6xf32> attributes {test.claim = @round_pairs} {
  // CHECK: dit.attention {{.*}} heads 2 : tensor<?x4x8xbf16>, tensor<?x4x8xbf16>
  // CHECK: dit.linear {{.*}} : (tensor<?x4x8xbf16>, tensor<6x8xbf16>) -> tensor<?x4x6xf32>
  %w = dit.weight "w" : tensor<6x8xf32>
  %a = dit.attention %x, %x, %x heads 2 : tensor<?x4x8xf32>, tensor<?x4x8xf32> -> tensor<?x4x8xf32>
  %h = dit.linear %a weight(%w) : (tensor<?x4x8xf32>, tensor<6x8xf32>) -> tensor<?x4x6xf32>
  return %h : tensor<?x4x6xf32>
}

// -----

// Three features a head are none, the linear's six are.
// CHECK-LABEL: @leave_heads_of_odd_size
func.func @denoise(%x: tensor<?x4x6xf32> {dit.name = "x"}) -> tensor<?x4x6xf32> attributes {test.claim = @leave_heads_of_odd_size} {
  // CHECK: dit.attention %arg0, %arg0, %arg0 heads 2 : tensor<?x4x6xf32>
  // CHECK: dit.linear {{.*}} : (tensor<?x4x6xbf16>, tensor<6x6xbf16>) -> tensor<?x4x6xf32>
  %w = dit.weight "w" : tensor<6x6xf32>
  %a = dit.attention %x, %x, %x heads 2 : tensor<?x4x6xf32>, tensor<?x4x6xf32> -> tensor<?x4x6xf32>
  %h = dit.linear %a weight(%w) : (tensor<?x4x6xf32>, tensor<6x6xf32>) -> tensor<?x4x6xf32>
  return %h : tensor<?x4x6xf32>
}

// -----

// Seven features are not pairs.
// CHECK-LABEL: @leave_an_odd_number_of_features
func.func @denoise(%x: tensor<?x4x7xf32> {dit.name = "x"}) -> tensor<?x4x6xf32> attributes {test.claim = @leave_an_odd_number_of_features} {
  // CHECK-NOT: bf16
  %w = dit.weight "w" : tensor<6x7xf32>
  %h = dit.linear %x weight(%w) : (tensor<?x4x7xf32>, tensor<6x7xf32>) -> tensor<?x4x6xf32>
  return %h : tensor<?x4x6xf32>
}
