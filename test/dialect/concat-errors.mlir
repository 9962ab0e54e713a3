// RUN: dit-opt %s --split-input-file --verify-diagnostics

// (C1)
func.func @other_dimension(%a: tensor<2x8xf32>, %b: tensor<3x7xf32>) {
  // expected-error@below {{an operand must be 3x8, got 3x7}}
  %w = dit.concat %a, %b dim 0 : tensor<2x8xf32>, tensor<3x7xf32> -> tensor<5x8xf32>
  return
}

// -----

// (C1)
func.func @rank(%a: tensor<2x8xf32>, %b: tensor<3x8x1xf32>) {
  // expected-error@below {{an operand must be 5x8, got 3x8x1}}
  %w = dit.concat %a, %b dim 0 : tensor<2x8xf32>, tensor<3x8x1xf32> -> tensor<5x8xf32>
  return
}

// -----

// (C2)
func.func @sum(%a: tensor<2x8xf32>, %b: tensor<3x8xf32>) {
  // expected-error@below {{operands add up to 5 along dim 0, but the result has 6}}
  %w = dit.concat %a, %b dim 0 : tensor<2x8xf32>, tensor<3x8xf32> -> tensor<6x8xf32>
  return
}

// -----

// (C3)
func.func @batch(%a: tensor<?x8xf32>, %b: tensor<?x8xf32>) {
  // expected-error@below {{cannot join along the batch}}
  %w = dit.concat %a, %b dim 0 : tensor<?x8xf32>, tensor<?x8xf32> -> tensor<?x8xf32>
  return
}

// -----

// (C3)
func.func @part_of_the_batch(%a: tensor<?x8xf32>, %b: tensor<3x8xf32>) {
  // expected-error@below {{cannot join along the batch}}
  %w = dit.concat %a, %b dim 0 : tensor<?x8xf32>, tensor<3x8xf32> -> tensor<5x8xf32>
  return
}

// -----

// There is no such dimension.
func.func @dim(%a: tensor<2x8xf32>, %b: tensor<3x8xf32>) {
  // expected-error@below {{dim must be less than the rank 2, got 2}}
  %w = dit.concat %a, %b dim 2 : tensor<2x8xf32>, tensor<3x8xf32> -> tensor<5x8xf32>
  return
}

// -----

// (C3)
func.func @no_operands() {
  // expected-error@below {{needs at least one operand}}
  %w = "dit.concat"() {dim = 0 : i64} : () -> tensor<5x8xf32>
  return
}
