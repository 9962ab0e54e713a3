// RUN: dit-opt %s --split-input-file --verify-diagnostics

// (C1)
func.func @part_of_a_head(%x: tensor<?x4x24xf32>, %table: tensor<4x8xf32>) {
  // expected-error@below {{features must be a multiple of 8 up to 24, got 12}}
  %r = dit.rotate %x by(%table) features 12 : tensor<?x4x24xf32>, tensor<4x8xf32>
  return
}

// -----

// (C1)
func.func @too_many(%x: tensor<?x4x24xf32>, %table: tensor<4x8xf32>) {
  // expected-error@below {{features must be a multiple of 8 up to 24, got 32}}
  %r = dit.rotate %x by(%table) features 32 : tensor<?x4x24xf32>, tensor<4x8xf32>
  return
}

// -----

// (C1)
func.func @none(%x: tensor<?x4x24xf32>, %table: tensor<4x8xf32>) {
  // expected-error@below {{features must be a multiple of 8 up to 24, got 0}}
  %r = dit.rotate %x by(%table) features 0 : tensor<?x4x24xf32>, tensor<4x8xf32>
  return
}

// -----

// (C2)
func.func @half_a_pair(%x: tensor<?x4x24xf32>, %table: tensor<4x3xf32>) {
  // expected-error@below {{the table must have pairs of features, got 3}}
  %r = dit.rotate %x by(%table) features 6 : tensor<?x4x24xf32>, tensor<4x3xf32>
  return
}

// -----

// (C3)
func.func @tokens(%x: tensor<?x4x24xf32>, %table: tensor<5x8xf32>) {
  // expected-error@below {{the table must be 4x8, got 5x8}}
  %r = dit.rotate %x by(%table) features 16 : tensor<?x4x24xf32>, tensor<5x8xf32>
  return
}
