// RUN: dit-opt %s --split-input-file --verify-diagnostics

// (C1)
func.func @width(%x: tensor<?x6x12xf32>) {
  // expected-error@below {{patch 2 must divide 4 and 7}}
  %o = dit.unpatchify %x patch 2 : tensor<?x6x12xf32> -> tensor<?x3x4x7xf32>
  return
}

// -----

// (C2)
func.func @tokens(%x: tensor<?x5x12xf32>) {
  // expected-error@below {{tokens must be ?x6x12, got ?x5x12}}
  %o = dit.unpatchify %x patch 2 : tensor<?x5x12xf32> -> tensor<?x3x4x6xf32>
  return
}
