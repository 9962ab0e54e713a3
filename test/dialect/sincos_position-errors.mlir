// RUN: dit-opt %s --split-input-file --verify-diagnostics

// (C1)
func.func @rows() {
  // expected-error@below {{the table must be 6x8, got 5x8}}
  %p = dit.sincos_position grid 2 x 3 : tensor<5x8xf32>
  return
}

// -----

// (C1) two negative sides make a positive area.
func.func @negative_grid() {
  // expected-error@below {{grid must be at least 1 x 1, got -2 x -3}}
  %p = dit.sincos_position grid -2 x -3 : tensor<6x8xf32>
  return
}

// -----

// (C2)
func.func @width() {
  // expected-error@below {{width must be a multiple of 4, got 10}}
  %p = dit.sincos_position grid 2 x 3 : tensor<6x10xf32>
  return
}

// -----

// (C3)
func.func @trained() {
  // expected-error@below {{trained grid must be at least 1 x 1, got 2 x 0}}
  %p = dit.sincos_position grid 2 x 3 trained 2 x 0 : tensor<6x8xf32>
  return
}

// -----

// (C3)
func.func @half_trained() {
  // expected-error@below {{trained grid must have a height and a width, got one}}
  %p = "dit.sincos_position"() <{grid_height = 2 : i64, grid_width = 3 : i64, trained_width = 3 : i64}> : () -> tensor<6x8xf32>
  return
}
