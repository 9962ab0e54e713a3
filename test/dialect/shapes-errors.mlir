// RUN: dit-opt %s --split-input-file --verify-diagnostics
// What every tensor of the dialect keeps to, whatever the op.

// Nothing is empty.
func.func @empty(%x: tensor<?x0xf32>) {
  // expected-error@below {{with sizes of at least 1, of which only the first may be dynamic}}
  %h = dit.silu %x : tensor<?x0xf32>
  return
}

// -----

// The batch is dynamic, and nothing else.
func.func @dynamic_tokens(%x: tensor<?x?x8xf32>) {
  // expected-error@below {{with sizes of at least 1, of which only the first may be dynamic}}
  %h = dit.silu %x : tensor<?x?x8xf32>
  return
}

// -----

// 2^62 elements: their product with anything would overflow.
func.func @absurd(%x: tensor<2147483648x2147483648xf32>) {
  // expected-error@below {{with sizes of at least 1, of which only the first may be dynamic}}
  %h = dit.silu %x : tensor<2147483648x2147483648xf32>
  return
}

// -----

func.func @integers(%x: tensor<?x8xi32>) {
  // expected-error@below {{operand #0 must be 2D/3D tensor of}}
  %h = dit.silu %x : tensor<?x8xi32>
  return
}

// -----

func.func @unranked(%x: tensor<*xf32>) {
  // expected-error@below {{expected builtin.tensor, but found 'tensor<*xf32>'}}
  %h = dit.silu %x : tensor<*xf32>
  return
}
