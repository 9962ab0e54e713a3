// RUN: dit-opt %s --split-input-file --verify-diagnostics

// (C1)
func.func @elements(%x: tensor<8x3x4xf32>) {
  // expected-error@below {{must keep the number of elements, got 'tensor<8x3x4xf32>' and 'tensor<8x11xf32>'}}
  %m = dit.reshape %x : tensor<8x3x4xf32> -> tensor<8x11xf32>
  return
}

// -----

// (C1)
func.func @elements_a_sample(%x: tensor<?x3x4xf32>) {
  // expected-error@below {{must keep the number of elements}}
  %m = dit.reshape %x : tensor<?x3x4xf32> -> tensor<?x11xf32>
  return
}

// -----

// (C1)
func.func @loses_the_batch(%x: tensor<?x8xf32>) {
  // expected-error@below {{both shapes must begin with the batch}}
  %m = dit.reshape %x : tensor<?x8xf32> -> tensor<1x8xf32>
  return
}

// -----

// (C1)
func.func @makes_a_batch(%x: tensor<2x8xf32>) {
  // expected-error@below {{must keep the number of elements}}
  %m = dit.reshape %x : tensor<2x8xf32> -> tensor<?x8xf32>
  return
}
