// RUN: dit-check %s | FileCheck %s
// Matmuls and attention on values that can be checked on paper.

// x = (1, 2), rows of the weight (1, 0), (0, 1), (3, 4), bias (10, 20, 30).
// CHECK-DAG: @linear.result0 : 1x1x3 = {{\[\[\[}}11, 22, 41]]]
// CHECK-DAG: @linear.result1 : 1x1x3 = {{\[\[\[}}1, 2, 11]]]
func.func @linear(%x: tensor<?x1x2xf32> {dit.values = dense<[[[1.0, 2.0]]]> : tensor<1x1x2xf32>}) -> (tensor<?x1x3xf32>, tensor<?x1x3xf32>) {
  %w = dit.weight "w" {dit.values = dense<[[1.0, 0.0], [0.0, 1.0], [3.0, 4.0]]> : tensor<3x2xf32>} : tensor<3x2xf32>
  %b = dit.weight "b" {dit.values = dense<[10.0, 20.0, 30.0]> : tensor<3xf32>} : tensor<3xf32>
  %h = dit.linear %x weight(%w) bias(%b) : (tensor<?x1x2xf32>, tensor<3x2xf32>, tensor<3xf32>) -> tensor<?x1x3xf32>
  %g = dit.linear %x weight(%w) : (tensor<?x1x2xf32>, tensor<3x2xf32>) -> tensor<?x1x3xf32>
  return %h, %g : tensor<?x1x3xf32>, tensor<?x1x3xf32>
}

// Two panels of two features, the last one padded with 0; the result is that of @linear.
// CHECK-DAG: @packed.result0 : 2x2x2 = {{\[\[\[}}1, 0], [0, 1]], {{\[\[}}3, 0], [4, 0]]]
// CHECK-DAG: @packed.result1 : 1x1x3 = {{\[\[\[}}1, 2, 11]]]
func.func @packed(%x: tensor<?x1x2xf32> {dit.values = dense<[[[1.0, 2.0]]]> : tensor<1x1x2xf32>}) -> (tensor<2x2x2xf32>, tensor<?x1x3xf32>) {
  %w = dit.weight "w" : tensor<3x2xf32>
  %p = dit.pack %w layout<panel = 2> : tensor<3x2xf32> -> tensor<2x2x2xf32>
  %h = dit.linear %x weight(%p) matmul<multiply = f32, layout = <panel = 2>> : (tensor<?x1x2xf32>, tensor<2x2x2xf32>) -> tensor<?x1x3xf32>
  return %p, %h : tensor<2x2x2xf32>, tensor<?x1x3xf32>
}

// Rows (1, 2, 3), (4, 5, 6), (7, 8, 9) in panels of two rows and steps of two features, zeros past them;
// times (1, 10, 100).
// CHECK-DAG: @pairs.result0 : 2x2x2x2 = {{\[\[\[\[}}1, 2], [4, 5]], {{\[\[}}3, 0], [6, 0]]], {{\[\[\[}}7, 8], [0, 0]], {{\[\[}}9, 0], [0, 0]]]]
// CHECK-DAG: @pairs.result1 : 1x1x3 = {{\[\[\[}}321, 654, 987]]]
func.func @pairs(%x: tensor<?x1x3xf32> {dit.values = dense<[[[1.0, 10.0, 100.0]]]> : tensor<1x1x3xf32>}) -> (tensor<2x2x2x2xf32>, tensor<?x1x3xf32>) {
  %w = dit.weight "rows" {dit.values = dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]> : tensor<3x3xf32>} : tensor<3x3xf32>
  %p = dit.pack %w layout<panel = 2, group = 2> : tensor<3x3xf32> -> tensor<2x2x2x2xf32>
  %h = dit.linear %x weight(%p) matmul<multiply = f32, layout = <panel = 2, group = 2>> : (tensor<?x1x3xf32>, tensor<2x2x2x2xf32>) -> tensor<?x1x3xf32>
  return %p, %h : tensor<2x2x2x2xf32>, tensor<?x1x3xf32>
}

// 1 + 2^-10 has ten bits of mantissa; half of the last is a tie, which tf32 rounds away from zero, on both sides of it,
// and less is lost. Both operands are rounded, and the sum is not.
// CHECK-DAG: @tf32.result0 : 1x3 = {{\[\[}}1.00098, -1.00098, 1]]
// CHECK-DAG: @tf32.result1 : 1x1 = {{\[\[}}2.00098]]
func.func @tf32(%x: tensor<?x2xf32> {dit.values = dense<[[1.00048828125, 1.0]]> : tensor<1x2xf32>}, %y: tensor<?x2xf32> {dit.values = dense<[[1.0, 0.0]]> : tensor<1x2xf32>}) -> (tensor<?x3xf32>, tensor<?x1xf32>) {
  %w = dit.weight "ties" {dit.values = dense<[[1.00048828125, 0.0], [-1.00048828125, 0.0], [1.00048816204, 0.0]]> : tensor<3x2xf32>} : tensor<3x2xf32>
  %v = dit.weight "units" {dit.values = dense<[[1.0, 1.0]]> : tensor<1x2xf32>} : tensor<1x2xf32>
  %h = dit.linear %y weight(%w) matmul<multiply = tf32> : (tensor<?x2xf32>, tensor<3x2xf32>) -> tensor<?x3xf32>
  %g = dit.linear %x weight(%v) matmul<multiply = tf32> : (tensor<?x2xf32>, tensor<1x2xf32>) -> tensor<?x1xf32>
  return %h, %g : tensor<?x3xf32>, tensor<?x1xf32>
}

// bf16 has seven bits: 1 + 2^-8 is a tie, which goes to even.
// CHECK-DAG: @bf16.result0 : 1x2 = {{\[\[}}1, 1.01562]]
func.func @bf16(%x: tensor<?x1xf32> {dit.values = dense<[[1.0]]> : tensor<1x1xf32>}) -> tensor<?x2xf32> {
  %w = dit.weight "narrow" {dit.values = dense<[[1.00390625], [1.01171875]]> : tensor<2x1xf32>} : tensor<2x1xf32>
  %h = dit.linear %x weight(%w) matmul<multiply = bf16> : (tensor<?x1xf32>, tensor<2x1xf32>) -> tensor<?x2xf32>
  return %h : tensor<?x2xf32>
}

// K = 11 is no multiple of anything: 1 + 2 + ... + 11 = 66.
// CHECK-DAG: @odd_inputs.result0 : 1x1 = {{\[\[}}66]]
func.func @odd_inputs(%x: tensor<?x11xf32> {dit.values = dense<[[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0]]> : tensor<1x11xf32>}) -> tensor<?x1xf32> {
  %w = dit.weight "ones" {dit.values = dense<1.0> : tensor<1x11xf32>} : tensor<1x11xf32>
  %h = dit.linear %x weight(%w) : (tensor<?x11xf32>, tensor<1x11xf32>) -> tensor<?x1xf32>
  return %h : tensor<?x1xf32>
}

// Two heads of one feature. Head 0 has equal scores and takes the mean of v (10, 20, 60);
// head 1 has scores 0, 0, ln 2: weights 1/4, 1/4, 1/2.
// CHECK-DAG: @cross_attention.result0 : 1x1x2 = {{\[\[\[}}30, 7]]]
func.func @cross_attention(%q: tensor<?x1x2xf32> {dit.values = dense<[[[0.0, 1.0]]]> : tensor<1x1x2xf32>},
                           %k: tensor<?x3x2xf32> {dit.values = dense<[[[1.0, 0.0], [2.0, 0.0], [3.0, 0.693147180559945]]]> : tensor<1x3x2xf64>},
                           %v: tensor<?x3x2xf32> {dit.values = dense<[[[10.0, 4.0], [20.0, 8.0], [60.0, 8.0]]]> : tensor<1x3x2xf32>}) -> tensor<?x1x2xf32> {
  %a = dit.attention %q, %k, %v heads 2 : tensor<?x1x2xf32>, tensor<?x3x2xf32> -> tensor<?x1x2xf32>
  return %a : tensor<?x1x2xf32>
}

// One head of four features: scores are divided by 2. Scores 2 ln 3 / 2 and 0: weights 3/4, 1/4.
// CHECK-DAG: @scale.result0 : 1x1x4 = {{\[\[\[}}3, 1, 0, 4]]]
func.func @scale(%q: tensor<?x1x4xf32> {dit.values = dense<[[[1.0, 0.0, 0.0, 0.0]]]> : tensor<1x1x4xf32>},
                 %k: tensor<?x2x4xf32> {dit.values = dense<[[[2.197224577336219, 0.0, 0.0, 0.0], [0.0, 5.0, 5.0, 5.0]]]> : tensor<1x2x4xf64>},
                 %v: tensor<?x2x4xf32> {dit.values = dense<[[[4.0, 0.0, 0.0, 4.0], [0.0, 4.0, 0.0, 4.0]]]> : tensor<1x2x4xf32>}) -> tensor<?x1x4xf32> {
  %a = dit.attention %q, %k, %v heads 1 : tensor<?x1x4xf32>, tensor<?x2x4xf32> -> tensor<?x1x4xf32>
  return %a : tensor<?x1x4xf32>
}

// A score of 1000 does not overflow: all weight on the second token, and each sample its own.
// CHECK-DAG: @large_scores.result0 : 2x1x1 = {{\[\[\[}}20]], {{\[\[}}30]]]
func.func @large_scores(%q: tensor<?x1x1xf32> {dit.values = dense<[[[1.0]], [[-1.0]]]> : tensor<2x1x1xf32>},
                        %k: tensor<?x2x1xf32> {dit.values = dense<[[[0.0], [1000.0]], [[0.0], [1000.0]]]> : tensor<2x2x1xf32>},
                        %v: tensor<?x2x1xf32> {dit.values = dense<[[[10.0], [20.0]], [[30.0], [40.0]]]> : tensor<2x2x1xf32>}) -> tensor<?x1x1xf32> {
  %a = dit.attention %q, %k, %v heads 1 : tensor<?x1x1xf32>, tensor<?x2x1xf32> -> tensor<?x1x1xf32>
  return %a : tensor<?x1x1xf32>
}
