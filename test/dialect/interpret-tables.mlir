// RUN: dit-check %s | FileCheck %s
// Sinusoids whose values are known: sin 1 = 0.841471, cos 1 = 0.540302, sin 2 = 0.909297, cos 2 = -0.416147.

// Width 4: one frequency, 1. [sin w, cos w, sin h, cos h], the column first.
// CHECK-DAG: @position.result0 : 6x4 = {{\[\[}}0, 1, 0, 1], [0.841471, 0.540302, 0, 1], [0.909297, -0.416147, 0, 1], [0, 1, 0.841471, 0.540302], [0.841471, 0.540302, 0.841471, 0.540302], [0.909297, -0.416147, 0.841471, 0.540302]]
func.func @position() -> tensor<6x4xf32> {
  %p = dit.sincos_position grid 2 x 3 : tensor<6x4xf32>
  return %p : tensor<6x4xf32>
}

// Width 8: the second frequency is 10000^(-1/2) = 0.01; sin 0.01 = 0.00999983.
// CHECK-DAG: @second_frequency.result0 : 2x8 = {{\[\[}}0, 0, 1, 1, 0, 0, 1, 1], [0.841471, 0.00999983, 0.540302, 0.99995, 0, 0, 1, 1]]
func.func @second_frequency() -> tensor<2x8xf32> {
  %p = dit.sincos_position grid 1 x 2 : tensor<2x8xf32>
  return %p : tensor<2x8xf32>
}

// Twice as fine in height: the positions 0, 1/2, 1, 3/2 of 2 rows, and half as
// fine in width: 0, 2 of 4 columns. sin 0.5 = 0.479426, sin 1.5 = 0.997495.
// CHECK-DAG: @scaled.result0 : 8x4 = {{\[\[}}0, 1, 0, 1], [0.909297, -0.416147, 0, 1], [0, 1, 0.479426, 0.877583], [0.909297, -0.416147, 0.479426, 0.877583], [0, 1, 0.841471, 0.540302], [0.909297, -0.416147, 0.841471, 0.540302], [0, 1, 0.997495, 0.0707372], [0.909297, -0.416147, 0.997495, 0.0707372]]
func.func @scaled() -> tensor<8x4xf32> {
  %p = dit.sincos_position grid 4 x 2 trained 2 x 4 : tensor<8x4xf32>
  return %p : tensor<8x4xf32>
}

// Width 8: angles of the row times 1 and 100^(-1/2) = 0.1, then of the column; sin 0.1 = 0.0998334.
// The last token is past the grid: it is not turned.
// CHECK-DAG: @rotary.result0 : 5x8 = {{\[\[}}1, 0, 1, 0, 1, 0, 1, 0], [1, 0, 1, 0, 0.540302, 0.841471, 0.995004, 0.0998334], [0.540302, 0.841471, 0.995004, 0.0998334, 1, 0, 1, 0], [0.540302, 0.841471, 0.995004, 0.0998334, 0.540302, 0.841471, 0.995004, 0.0998334], [1, 0, 1, 0, 1, 0, 1, 0]]
func.func @rotary() -> tensor<5x8xf32> {
  %p = dit.rotary_position grid 2 x 2 theta 100.0 : tensor<5x8xf32>
  return %p : tensor<5x8xf32>
}

// Rows 0 and 2 of 4; columns 0 and 1/2 of 1.
// CHECK-DAG: @rotary_scaled.result0 : 4x4 = {{\[\[}}1, 0, 1, 0], [1, 0, 0.877583, 0.479426], [-0.416147, 0.909297, 1, 0], [-0.416147, 0.909297, 0.877583, 0.479426]]
func.func @rotary_scaled() -> tensor<4x4xf32> {
  %p = dit.rotary_position grid 2 x 2 trained 4 x 1 theta 1.0e+04 : tensor<4x4xf32>
  return %p : tensor<4x4xf32>
}

// Frequencies 1 and 10000^(-1/2) = 0.01; the cosine first.
// CHECK-DAG: @timestep.result0 : 2x4 = {{\[\[}}1, 1, 0, 0], [-0.416147, 0.9998, 0.909297, 0.0199987]]
func.func @timestep(%t: tensor<?xf32> {dit.values = dense<[0.0, 2.0]> : tensor<2xf32>}) -> tensor<?x4xf32> {
  %e = dit.timestep_embedding %t max_period 1.0e+04 shift 0 : tensor<?xf32> -> tensor<?x4xf32>
  return %e : tensor<?x4xf32>
}

// diffusers divides by h - 1: the last frequency is 1/max_period itself.
// CHECK-DAG: @timestep_shifted.result0 : 1x4 = {{\[\[}}-0.416147, 0.9998, 0.909297, 0.0199987]]
func.func @timestep_shifted(%t: tensor<?xf32> {dit.values = dense<[2.0]> : tensor<1xf32>}) -> tensor<?x4xf32> {
  %e = dit.timestep_embedding %t max_period 100.0 shift 1 : tensor<?xf32> -> tensor<?x4xf32>
  return %e : tensor<?x4xf32>
}
