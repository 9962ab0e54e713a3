// RUN: dit-check %s | FileCheck %s
// Row ops on values that can be checked on paper.

// (x - 2) / sqrt(1 + 3): mean 2, variance 1, an epsilon one can see.
// CHECK-DAG: @layer_norm.result0 : 1x1x4 = {{\[\[\[}}-0.5, 0.5, -0.5, 0.5]]]
func.func @layer_norm(%x: tensor<?x1x4xf32> {dit.values = dense<[[[1.0, 3.0, 1.0, 3.0]]]> : tensor<1x1x4xf32>}) -> tensor<?x1x4xf32> {
  %h = dit.layer_norm %x eps 3.0 : tensor<?x1x4xf32>
  return %h : tensor<?x1x4xf32>
}

// Then * weight + bias.
// CHECK-DAG: @affine_layer_norm.result0 : 1x1x4 = {{\[\[\[}}9.5, 21, 28.5, 42]]]
func.func @affine_layer_norm(%x: tensor<?x1x4xf32> {dit.values = dense<[[[1.0, 3.0, 1.0, 3.0]]]> : tensor<1x1x4xf32>},
                             %w: tensor<4xf32> {dit.values = dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>},
                             %b: tensor<4xf32> {dit.values = dense<[10.0, 20.0, 30.0, 40.0]> : tensor<4xf32>}) -> tensor<?x1x4xf32> {
  %h = dit.layer_norm %x weight(%w : tensor<4xf32>) bias(%b : tensor<4xf32>) eps 3.0 : tensor<?x1x4xf32>
  return %h : tensor<?x1x4xf32>
}

// Mean square 5, epsilon 4, so x / 3; the mean is not taken off.
// CHECK-DAG: @rms_norm.result0 : 1x4 = {{\[\[}}1, 0.333333, 1, 0.333333]]
// CHECK-DAG: @rms_norm.result1 : 1x4 = {{\[\[}}1, 0.666667, 3, 1.33333]]
func.func @rms_norm(%x: tensor<?x4xf32> {dit.values = dense<[[3.0, 1.0, 3.0, 1.0]]> : tensor<1x4xf32>},
                    %w: tensor<4xf32> {dit.values = dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>}) -> (tensor<?x4xf32>, tensor<?x4xf32>) {
  %h = dit.rms_norm %x eps 4.0 : tensor<?x4xf32>
  %g = dit.rms_norm %x weight(%w : tensor<4xf32>) eps 4.0 : tensor<?x4xf32>
  return %h, %g : tensor<?x4xf32>, tensor<?x4xf32>
}

// x * (1 + scale) + shift; every token of a sample reads that sample's row.
// CHECK-DAG: @modulate.result0 : 2x2x3 = {{\[\[\[}}102, 206, 312], [108, 215, 324]], {{\[\[}}400, 500, 600], [400, 500, 600]]]
func.func @modulate(%x: tensor<?x2x3xf32> {dit.values = dense<[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [[7.0, 8.0, 9.0], [1.0, 1.0, 1.0]]]> : tensor<2x2x3xf32>},
                    %shift: tensor<?x3xf32> {dit.values = dense<[[100.0, 200.0, 300.0], [400.0, 500.0, 600.0]]> : tensor<2x3xf32>},
                    %scale: tensor<?x3xf32> {dit.values = dense<[[1.0, 2.0, 3.0], [-1.0, -1.0, -1.0]]> : tensor<2x3xf32>}) -> tensor<?x2x3xf32> {
  %h = dit.modulate %x shift(%shift) scale(%scale) : tensor<?x2x3xf32>, tensor<?x3xf32>
  return %h : tensor<?x2x3xf32>
}

// CHECK-DAG: @gate.result0 : 2x2x2 = {{\[\[\[}}10, 40], [30, 80]], {{\[\[}}0, 6], [0, 8]]]
func.func @gate(%x: tensor<?x2x2xf32> {dit.values = dense<[[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]]> : tensor<2x2x2xf32>},
                %g: tensor<?x2xf32> {dit.values = dense<[[10.0, 20.0], [0.0, 1.0]]> : tensor<2x2xf32>}) -> tensor<?x2x2xf32> {
  %h = dit.gate %x gate(%g) : tensor<?x2x2xf32>, tensor<?x2xf32>
  return %h : tensor<?x2x2xf32>
}

// An rhs without the batch is the same for both samples.
// CHECK-DAG: @add_and_mul.result0 : 2x2 = {{\[\[}}11, 22], [13, 24]]
// CHECK-DAG: @add_and_mul.result1 : 2x2 = {{\[\[}}10, 40], [30, 80]]
// CHECK-DAG: @add_and_mul.result2 : 2x2 = {{\[\[}}1, 4], [9, 16]]
func.func @add_and_mul(%x: tensor<?x2xf32> {dit.values = dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>},
                       %y: tensor<2xf32> {dit.values = dense<[10.0, 20.0]> : tensor<2xf32>}) -> (tensor<?x2xf32>, tensor<?x2xf32>, tensor<?x2xf32>) {
  %a = dit.add %x, %y : tensor<?x2xf32>, tensor<2xf32>
  %m = dit.mul %x, %y : tensor<?x2xf32>, tensor<2xf32>
  %s = dit.mul %x, %x : tensor<?x2xf32>, tensor<?x2xf32>
  return %a, %m, %s : tensor<?x2xf32>, tensor<?x2xf32>, tensor<?x2xf32>
}

// Tables of the functions at -1, 0, 1 and 2; the two GELUs part in the fourth digit.
// CHECK-DAG: @activations.result0 : 1x4 = {{\[\[}}-0.268941, 0, 0.731059, 1.76159]]
// CHECK-DAG: @activations.result1 : 1x4 = {{\[\[}}-0.158808, 0, 0.841192, 1.9546]]
// CHECK-DAG: @activations.result2 : 1x4 = {{\[\[}}-0.158655, 0, 0.841345, 1.9545]]
func.func @activations(%x: tensor<?x4xf32> {dit.values = dense<[[-1.0, 0.0, 1.0, 2.0]]> : tensor<1x4xf32>}) -> (tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>) {
  %s = dit.silu %x : tensor<?x4xf32>
  %t = dit.gelu tanh %x : tensor<?x4xf32>
  %e = dit.gelu erf %x : tensor<?x4xf32>
  return %s, %t, %e : tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>
}


// Two heads of one pair, and two features that stay: a quarter turn for token 0, 3-4-5 for token 1.
// CHECK-DAG: @rotate.result0 : 2x2x6 = {{\[\[\[}}-2, 1, -4, 3, 5, 6], [3, 4, -4, 3, 7, 8]], {{\[\[}}-1, 1, -1, 1, 1, 1], [0, 0, 0, 0, 0, 0]]]
func.func @rotate(%x: tensor<?x2x6xf32> {dit.values = dense<[[[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [5.0, 0.0, 0.0, 5.0, 7.0, 8.0]], [[1.0, 1.0, 1.0, 1.0, 1.0, 1.0], [0.0, 0.0, 0.0, 0.0, 0.0, 0.0]]]> : tensor<2x2x6xf32>},
                  %table: tensor<2x2xf64> {dit.values = dense<[[0.0, 1.0], [0.6, 0.8]]> : tensor<2x2xf64>}) -> tensor<?x2x6xf32> {
  %r = dit.rotate %x by(%table) features 4 : tensor<?x2x6xf32>, tensor<2x2xf64>
  return %r : tensor<?x2x6xf32>
}

// Two heads of two pairs, each pair by its own angle: a quarter turn, and none.
// CHECK-DAG: @rotate_heads.result0 : 1x1x9 = {{\[\[\[}}-2, 1, 3, 4, -6, 5, 7, 8, 9]]]
func.func @rotate_heads(%x: tensor<?x1x9xf32> {dit.values = dense<[[[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]]]> : tensor<1x1x9xf32>},
                        %table: tensor<1x4xf32> {dit.values = dense<[[0.0, 1.0, 1.0, 0.0]]> : tensor<1x4xf32>}) -> tensor<?x1x9xf32> {
  %r = dit.rotate %x by(%table) features 8 : tensor<?x1x9xf32>, tensor<1x4xf32>
  return %r : tensor<?x1x9xf32>
}
