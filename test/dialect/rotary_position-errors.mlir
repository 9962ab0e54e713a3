// RUN: dit-opt %s --split-input-file --verify-diagnostics

// (C1)
func.func @rows() {
  // expected-error@below {{the table must have at least 6 rows, got 5}}
  %p = dit.rotary_position grid 2 x 3 theta 1.0e+04 : tensor<5x8xf32>
  return
}

// -----

// (C1)
func.func @negative_grid() {
  // expected-error@below {{grid must be at least 1 x 1, got -2 x -3}}
  %p = dit.rotary_position grid -2 x -3 theta 1.0e+04 : tensor<6x8xf32>
  return
}

// -----

// (C1) 2^32 * 2^32 is 0 in 64 bits.
func.func @huge_grid() {
  // expected-error@below {{grid must have fewer than 2^63 tokens, got 4294967296 x 4294967296}}
  %p = dit.rotary_position grid 4294967296 x 4294967296 theta 1.0e+04 : tensor<6x8xf32>
  return
}

// -----

// (C2)
func.func @width() {
  // expected-error@below {{width must be a multiple of 4, got 10}}
  %p = dit.rotary_position grid 2 x 3 theta 1.0e+04 : tensor<6x10xf32>
  return
}

// -----

// (C3)
func.func @trained() {
  // expected-error@below {{trained grid must be at least 1 x 1, got 2 x 0}}
  %p = dit.rotary_position grid 2 x 3 trained 2 x 0 theta 1.0e+04 : tensor<6x8xf32>
  return
}

// -----

// (C3)
func.func @half_trained() {
  // expected-error@below {{trained grid must have a height and a width, got one}}
  %p = "dit.rotary_position"() <{grid_height = 2 : i64, grid_width = 3 : i64, trained_width = 3 : i64, theta = 1.0e+04 : f64}> : () -> tensor<6x8xf32>
  return
}

// -----

// (C4)
func.func @theta() {
  // expected-error@below {{theta must be greater than 0}}
  %p = dit.rotary_position grid 2 x 3 theta 0.0 : tensor<6x8xf32>
  return
}
