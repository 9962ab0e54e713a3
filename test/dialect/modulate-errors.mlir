// RUN: dit-opt %s --split-input-file --verify-diagnostics

// (C1)
func.func @width(%x: tensor<?x4x8xf32>, %b: tensor<?x7xf32>, %s: tensor<?x7xf32>) {
  // expected-error@below {{shift and scale must be ?x8, got ?x7}}
  %h = dit.modulate %x shift(%b) scale(%s) : tensor<?x4x8xf32>, tensor<?x7xf32>
  return
}

// -----

// (C1)
func.func @batch(%x: tensor<?x4x8xf32>, %b: tensor<3x8xf32>, %s: tensor<3x8xf32>) {
  // expected-error@below {{shift and scale must be ?x8, got 3x8}}
  %h = dit.modulate %x shift(%b) scale(%s) : tensor<?x4x8xf32>, tensor<3x8xf32>
  return
}

// -----

// (C1) the tokens are not the samples.
func.func @a_row_a_token(%x: tensor<?x4x8xf32>, %b: tensor<4x8xf32>, %s: tensor<4x8xf32>) {
  // expected-error@below {{shift and scale must be ?x8, got 4x8}}
  %h = dit.modulate %x shift(%b) scale(%s) : tensor<?x4x8xf32>, tensor<4x8xf32>
  return
}
