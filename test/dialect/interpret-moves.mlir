// RUN: dit-check %s | FileCheck %s
// Ops that move elements, on values that say where they came from.

// Two channels of 2 x 4, patches of 2: tokens from left to right, vectors (c, i, j).
// CHECK-DAG: @patchify.result0 : 1x2x8 = {{\[\[\[}}111, 112, 121, 122, 211, 212, 221, 222], [113, 114, 123, 124, 213, 214, 223, 224]]]
func.func @patchify(%x: tensor<?x2x2x4xf32> {dit.values = dense<[[[[111.0, 112.0, 113.0, 114.0], [121.0, 122.0, 123.0, 124.0]],
                                                                 [[211.0, 212.0, 213.0, 214.0], [221.0, 222.0, 223.0, 224.0]]]]> : tensor<1x2x2x4xf32>}) -> tensor<?x2x8xf32> {
  %v = dit.patchify %x patch 2 : tensor<?x2x2x4xf32> -> tensor<?x2x8xf32>
  return %v : tensor<?x2x8xf32>
}

// The vectors are (i, j, c) now: neighbours in a vector are channels.
// CHECK-DAG: @unpatchify.result0 : 1x2x2x4 = {{\[\[\[\[}}1, 3, 11, 13], [5, 7, 15, 17]], {{\[\[}}2, 4, 12, 14], [6, 8, 16, 18]]]]
func.func @unpatchify(%x: tensor<?x2x8xf32> {dit.values = dense<[[[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0], [11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 17.0, 18.0]]]> : tensor<1x2x8xf32>}) -> tensor<?x2x2x4xf32> {
  %v = dit.unpatchify %x patch 2 : tensor<?x2x8xf32> -> tensor<?x2x2x4xf32>
  return %v : tensor<?x2x2x4xf32>
}

// Two rows of patches of one channel: tokens are row-major.
// CHECK-DAG: @tokens_row_major.result0 : 1x4x1 = {{\[\[\[}}1], [2], [3], [4]]]
// CHECK-DAG: @tokens_row_major.result1 : 1x1x2x2 = {{\[\[\[\[}}1, 2], [3, 4]]]]
func.func @tokens_row_major(%x: tensor<?x1x2x2xf32> {dit.values = dense<[[[[1.0, 2.0], [3.0, 4.0]]]]> : tensor<1x1x2x2xf32>}) -> (tensor<?x4x1xf32>, tensor<?x1x2x2xf32>) {
  %v = dit.patchify %x patch 1 : tensor<?x1x2x2xf32> -> tensor<?x4x1xf32>
  %o = dit.unpatchify %v patch 1 : tensor<?x4x1xf32> -> tensor<?x1x2x2xf32>
  return %v, %o : tensor<?x4x1xf32>, tensor<?x1x2x2xf32>
}

// CHECK-DAG: @slices.result0 : 2x2x1 = {{\[\[\[}}2], [5]], {{\[\[}}8], [11]]]
// CHECK-DAG: @slices.result1 : 2x1x3 = {{\[\[\[}}4, 5, 6]], {{\[\[}}10, 11, 12]]]
func.func @slices(%x: tensor<?x2x3xf32> {dit.values = dense<[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [[7.0, 8.0, 9.0], [10.0, 11.0, 12.0]]]> : tensor<2x2x3xf32>}) -> (tensor<?x2x1xf32>, tensor<?x1x3xf32>) {
  %f = dit.slice %x dim 2 offset 1 : tensor<?x2x3xf32> -> tensor<?x2x1xf32>
  %t = dit.slice %x dim 1 offset 1 : tensor<?x2x3xf32> -> tensor<?x1x3xf32>
  return %f, %t : tensor<?x2x1xf32>, tensor<?x1x3xf32>
}

// Tokens are appended sample by sample; weights row after row.
// CHECK-DAG: @concats.result0 : 2x3x1 = {{\[\[\[}}1], [2], [10]], {{\[\[}}3], [4], [20]]]
// CHECK-DAG: @concats.result1 : 3x2 = {{\[\[}}1, 2], [3, 4], [5, 6]]
func.func @concats(%x: tensor<?x2x1xf32> {dit.values = dense<[[[1.0], [2.0]], [[3.0], [4.0]]]> : tensor<2x2x1xf32>},
                   %y: tensor<?x1x1xf32> {dit.values = dense<[[[10.0]], [[20.0]]]> : tensor<2x1x1xf32>},
                   %a: tensor<1x2xf32> {dit.values = dense<[[1.0, 2.0]]> : tensor<1x2xf32>},
                   %b: tensor<2x2xf32> {dit.values = dense<[[3.0, 4.0], [5.0, 6.0]]> : tensor<2x2xf32>}) -> (tensor<?x3x1xf32>, tensor<3x2xf32>) {
  %t = dit.concat %x, %y dim 1 : tensor<?x2x1xf32>, tensor<?x1x1xf32> -> tensor<?x3x1xf32>
  %w = dit.concat %a, %b dim 0 : tensor<1x2xf32>, tensor<2x2xf32> -> tensor<3x2xf32>
  return %t, %w : tensor<?x3x1xf32>, tensor<3x2xf32>
}

// CHECK-DAG: @reshape.result0 : 2x2x1 = {{\[\[\[}}1], [2]], {{\[\[}}3], [4]]]
func.func @reshape(%x: tensor<?x2xf32> {dit.values = dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>}) -> tensor<?x2x1xf32> {
  %t = dit.reshape %x : tensor<?x2xf32> -> tensor<?x2x1xf32>
  return %t : tensor<?x2x1xf32>
}

// The last row of the table is a row like the others.
// CHECK-DAG: @embedding.result0 : 3x2 = {{\[\[}}5, 6], [1, 2], [5, 6]]
func.func @embedding(%y: tensor<?xi32> {dit.values = dense<[2, 0, 2]> : tensor<3xi32>},
                           %w: tensor<3x2xf32> {dit.values = dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>}) -> tensor<?x2xf32> {
  %e = dit.embedding %y table(%w) : tensor<?xi32>, tensor<3x2xf32> -> tensor<?x2xf32>
  return %e : tensor<?x2xf32>
}

// A timestep reads the nearest row there is: 0.5 lies as far from 0 as from 1, and 0 is even.
// CHECK-DAG: @timestep.result0 : 7x2 = {{\[\[}}3, 4], [1, 2], [5, 6], [5, 6], [1, 2], [5, 6], [1, 2]]
func.func @timestep(%t: tensor<?xf32> {dit.values = dense<[1.0, 0.5, 1.5, 2.9, -3.0, 0x7F800000, 0x7FC00000]> : tensor<7xf32>},
                    %w: tensor<3x2xf32> {dit.values = dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>}) -> tensor<?x2xf32> {
  %e = dit.embedding %t table(%w) : tensor<?xf32>, tensor<3x2xf32> -> tensor<?x2xf32>
  return %e : tensor<?x2xf32>
}
