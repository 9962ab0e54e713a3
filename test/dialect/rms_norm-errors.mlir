// RUN: dit-opt %s --split-input-file --verify-diagnostics

// (C1)
func.func @eps(%x: tensor<?x4x8xf32>) {
  // expected-error@below {{eps must be greater than 0}}
  %h = dit.rms_norm %x eps 0.0 : tensor<?x4x8xf32>
  return
}

// -----

// (C2)
func.func @weight(%x: tensor<?x4x8xf32>, %w: tensor<4xf32>) {
  // expected-error@below {{weight must be 8, got 4}}
  %h = dit.rms_norm %x weight(%w : tensor<4xf32>) eps 1.0e-06 : tensor<?x4x8xf32>
  return
}
