// RUN: dit-opt %s --split-input-file --verify-diagnostics

// (C1)
func.func @width(%y: tensor<?xi32>, %w: tensor<11x8xf32>) {
  // expected-error@below {{the result must be ?x8, got ?x7}}
  %e = dit.embedding %y table(%w) : tensor<?xi32>, tensor<11x8xf32> -> tensor<?x7xf32>
  return
}

// -----

// (C1)
func.func @batch(%y: tensor<?xi32>, %w: tensor<11x8xf32>) {
  // expected-error@below {{the result must be ?x8, got 2x8}}
  %e = dit.embedding %y table(%w) : tensor<?xi32>, tensor<11x8xf32> -> tensor<2x8xf32>
  return
}

// -----

// (C2)
func.func @dynamic_table(%y: tensor<?xi32>, %w: tensor<?x8xf32>) {
  // expected-error@below {{the table must have a static shape, got 'tensor<?x8xf32>'}}
  %e = dit.embedding %y table(%w) : tensor<?xi32>, tensor<?x8xf32> -> tensor<?x8xf32>
  return
}

// -----

// Labels are i32, timesteps f32.
func.func @rounded_index(%y: tensor<?xbf16>, %w: tensor<11x8xf32>) {
  // expected-error@below {{operand #0 must be}}
  %e = dit.embedding %y table(%w) : tensor<?xbf16>, tensor<11x8xf32> -> tensor<?x8xf32>
  return
}
