// RUN: dit-opt %s --split-input-file --verify-diagnostics

// (C1)
func.func @height(%x: tensor<?x3x5x6xf32>) {
  // expected-error@below {{patch 2 must divide 5 and 6}}
  %v = dit.patchify %x patch 2 : tensor<?x3x5x6xf32> -> tensor<?x6x12xf32>
  return
}

// -----

// (C1)
func.func @zero_patch(%x: tensor<?x3x4x6xf32>) {
  // expected-error@below {{patch 0 must divide 4 and 6}}
  %v = dit.patchify %x patch 0 : tensor<?x3x4x6xf32> -> tensor<?x6x12xf32>
  return
}

// -----

// (C2)
func.func @tokens(%x: tensor<?x3x4x6xf32>) {
  // expected-error@below {{tokens must be ?x6x12, got ?x5x12}}
  %v = dit.patchify %x patch 2 : tensor<?x3x4x6xf32> -> tensor<?x5x12xf32>
  return
}

// -----

// (C2)
func.func @vector(%x: tensor<?x3x4x6xf32>) {
  // expected-error@below {{tokens must be ?x6x12, got ?x6x4}}
  %v = dit.patchify %x patch 2 : tensor<?x3x4x6xf32> -> tensor<?x6x4xf32>
  return
}

// -----

// Nothing but the batch is ever dynamic.
func.func @dynamic_height(%x: tensor<?x3x?x6xf32>) {
  // expected-error@below {{operand #0 must be}}
  %v = dit.patchify %x patch 2 : tensor<?x3x?x6xf32> -> tensor<?x6x12xf32>
  return
}
