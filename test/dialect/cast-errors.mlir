// RUN: dit-opt %s --split-input-file --verify-diagnostics

// (C1)
func.func @shape(%x: tensor<?x4x8xf32>) {
  // expected-error@below {{'dit.cast' op the result must be ?x4x8, got ?x4x7}}
  %h = dit.cast %x : tensor<?x4x8xf32> -> tensor<?x4x7xbf16>
  return
}

// -----

// Rounding is to a float type.
func.func @to_integer(%x: tensor<?x4x8xf32>) {
  // expected-error@below {{result #0 must be}}
  %h = dit.cast %x : tensor<?x4x8xf32> -> tensor<?x4x8xi32>
  return
}
