// RUN: dit-opt %s --split-input-file --verify-diagnostics

// (C1)
func.func @width(%x: tensor<?x4x8xf32>, %g: tensor<?x7xf32>) {
  // expected-error@below {{gate must be ?x8, got ?x7}}
  %h = dit.gate %x gate(%g) : tensor<?x4x8xf32>, tensor<?x7xf32>
  return
}

// -----

// (C1)
func.func @batch(%x: tensor<?x4x8xf32>, %g: tensor<3x8xf32>) {
  // expected-error@below {{gate must be ?x8, got 3x8}}
  %h = dit.gate %x gate(%g) : tensor<?x4x8xf32>, tensor<3x8xf32>
  return
}
