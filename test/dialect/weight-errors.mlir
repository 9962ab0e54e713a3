// RUN: dit-opt %s --split-input-file --verify-diagnostics

// (C1)
func.func @dynamic() {
  // expected-error@below {{'dit.weight' op a weight must have a static shape, got 'tensor<?x8xf32>'}}
  %w = dit.weight "w" : tensor<?x8xf32>
  return
}

// -----

// Nothing but the batch is ever dynamic.
func.func @dynamic_feature() {
  // expected-error@below {{result #0 must be ranked tensor of}}
  %w = dit.weight "w" : tensor<8x?xf32>
  return
}

// -----

// Weights are floats.
func.func @integer() {
  // expected-error@below {{result #0 must be ranked tensor of}}
  %w = dit.weight "w" : tensor<8xi32>
  return
}
