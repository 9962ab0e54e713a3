// RUN: dit-opt %s --split-input-file --verify-diagnostics

// (C1)
func.func @shape(%x: tensor<?x4x8xf32>, %y: tensor<?x8xf32>) {
  // expected-error@below {{rhs must be ?x4x8 or 4x8, got ?x8}}
  %z = dit.add %x, %y : tensor<?x4x8xf32>, tensor<?x8xf32>
  return
}

// -----

// (C1) only the batch may be left out.
func.func @two_dimensions_short(%x: tensor<?x4x8xf32>, %y: tensor<8xf32>) {
  // expected-error@below {{rhs must be ?x4x8 or 4x8, got 8}}
  %z = dit.add %x, %y : tensor<?x4x8xf32>, tensor<8xf32>
  return
}

// -----

// A scalar has no batch to leave out.
func.func @scalar(%x: tensor<f32>, %y: tensor<2xf32>) {
  // expected-error@below {{rhs must be a scalar, got 2}}
  %z = dit.add %x, %y : tensor<f32>, tensor<2xf32>
  return
}
