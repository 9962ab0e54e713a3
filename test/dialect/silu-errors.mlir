// RUN: dit-opt %s --split-input-file --verify-diagnostics

// Rows are (N, T, D) or (N, D).
func.func @rank(%x: tensor<8xf32>) {
  // expected-error@below {{operand #0 must be 2D/3D tensor of}}
  %h = dit.silu %x : tensor<8xf32>
  return
}
