// RUN: dit-opt %s --split-input-file --verify-diagnostics

// (C1)
func.func @other_dimension(%x: tensor<?x4x24xf32>) {
  // expected-error@below {{the result must be ?x4x8, got ?x3x8}}
  %q = dit.slice %x dim 2 offset 8 : tensor<?x4x24xf32> -> tensor<?x3x8xf32>
  return
}

// -----

// (C1)
func.func @rank(%x: tensor<?x4x24xf32>) {
  // expected-error@below {{the result must be ?x4x24, got ?x8}}
  %q = dit.slice %x dim 2 offset 8 : tensor<?x4x24xf32> -> tensor<?x8xf32>
  return
}

// -----

// (C2)
func.func @past_the_end(%x: tensor<?x4x24xf32>) {
  // expected-error@below {{range 17 to 25 is outside a dimension of 24}}
  %q = dit.slice %x dim 2 offset 17 : tensor<?x4x24xf32> -> tensor<?x4x8xf32>
  return
}

// -----

// (C2)
func.func @before_the_start(%x: tensor<?x4x24xf32>) {
  // expected-error@below {{range -1 to 7 is outside a dimension of 24}}
  %q = dit.slice %x dim 2 offset -1 : tensor<?x4x24xf32> -> tensor<?x4x8xf32>
  return
}

// -----

// (C3)
func.func @batch(%x: tensor<?x4x24xf32>) {
  // expected-error@below {{cannot slice the batch}}
  %q = dit.slice %x dim 0 offset 0 : tensor<?x4x24xf32> -> tensor<?x4x24xf32>
  return
}

// -----

// (C3)
func.func @to_a_batch(%x: tensor<5x4xf32>) {
  // expected-error@below {{cannot slice the batch}}
  %q = dit.slice %x dim 0 offset 0 : tensor<5x4xf32> -> tensor<?x4xf32>
  return
}

// -----

// There is no such dimension.
func.func @dim(%x: tensor<?x4x24xf32>) {
  // expected-error@below {{dim must be less than the rank 3, got 3}}
  %q = dit.slice %x dim 3 offset 0 : tensor<?x4x24xf32> -> tensor<?x4x24xf32>
  return
}
