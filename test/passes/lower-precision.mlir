// RUN: dit-opt %s --dit-choose-matmuls=multiply=bf16 --dit-lower-precision --split-input-file | FileCheck %s

// x and the weight are rounded, the sum is not; the bias is added to it.
// CHECK-LABEL: @round_what_a_linear_multiplies
func.func @denoise(%x: tensor<?x4x8xf32> {dit.name = "x"}) -> tensor<?x4x24xf32> attributes {test.claim = @round_what_a_linear_multiplies} {
  // CHECK-DAG: [[W:%.*]] = dit.weight "w"
  // CHECK-DAG: [[NW:%.*]] = dit.cast [[W]] : tensor<24x8xf32> -> tensor<24x8xbf16>
  // CHECK-DAG: [[NX:%.*]] = dit.cast %arg0 : tensor<?x4x8xf32> -> tensor<?x4x8xbf16>
  // CHECK: dit.linear [[NX]] weight([[NW]]) bias(%{{.*}}) matmul<multiply = bf16> : (tensor<?x4x8xbf16>, tensor<24x8xbf16>, tensor<24xf32>) -> tensor<?x4x24xf32>
  %w = dit.weight "w" : tensor<24x8xf32>
  %b = dit.weight "b" : tensor<24xf32>
  %h = dit.linear %x weight(%w) bias(%b) : (tensor<?x4x8xf32>, tensor<24x8xf32>, tensor<24xf32>) -> tensor<?x4x24xf32>
  return %h : tensor<?x4x24xf32>
}

// -----

// q, k and v are views of one value, which is rounded once; what attention gives is rounded where
// a linear reads it, and the stream takes it as it is.
// CHECK-LABEL: @round_once_what_views_share
func.func @denoise(%x: tensor<?x4x24xf32> {dit.name = "x"}) -> (tensor<?x4x8xf32>, tensor<?x4x6xf32>) attributes {test.claim = @round_once_what_views_share} {
  // CHECK: [[N:%.*]] = dit.cast %arg0 : tensor<?x4x24xf32> -> tensor<?x4x24xbf16>
  // CHECK-NOT: dit.slice %arg0
  // CHECK: [[Q:%.*]] = dit.slice [[N]] dim 2 offset 0
  // CHECK: [[K:%.*]] = dit.slice [[N]] dim 2 offset 8
  // CHECK: [[V:%.*]] = dit.slice [[N]] dim 2 offset 16
  %q = dit.slice %x dim 2 offset 0 : tensor<?x4x24xf32> -> tensor<?x4x8xf32>
  %k = dit.slice %x dim 2 offset 8 : tensor<?x4x24xf32> -> tensor<?x4x8xf32>
  %v = dit.slice %x dim 2 offset 16 : tensor<?x4x24xf32> -> tensor<?x4x8xf32>
  // CHECK: [[A:%.*]] = dit.attention [[Q]], [[K]], [[V]] heads 2 : tensor<?x4x8xbf16>, tensor<?x4x8xbf16> -> tensor<?x4x8xf32>
  // CHECK: [[NA:%.*]] = dit.cast [[A]]
  %a = dit.attention %q, %k, %v heads 2 : tensor<?x4x8xf32>, tensor<?x4x8xf32> -> tensor<?x4x8xf32>
  // CHECK: dit.linear [[NA]]
  %w = dit.weight "w" : tensor<6x8xf32>
  %h = dit.linear %a weight(%w) : (tensor<?x4x8xf32>, tensor<6x8xf32>) -> tensor<?x4x6xf32>
  // CHECK: return [[A]]
  return %a, %h : tensor<?x4x8xf32>, tensor<?x4x6xf32>
}

// -----

// What the importer calls large: between the patch embedding and the final layer.
// CHECK-LABEL: @keep_what_reads_and_makes_patches
func.func @denoise(%x: tensor<?x3x4x6xf32> {dit.name = "x"}) -> tensor<?x3x4x6xf32> attributes {test.claim = @keep_what_reads_and_makes_patches} {
  // CHECK-NOT: bf16
  %p = dit.patchify %x patch 2 : tensor<?x3x4x6xf32> -> tensor<?x6x12xf32>
  %w = dit.weight "w" : tensor<8x12xf32>
  %v = dit.weight "v" : tensor<12x8xf32>
  %e = dit.linear %p weight(%w) : (tensor<?x6x12xf32>, tensor<8x12xf32>) -> tensor<?x6x8xf32>
  %f = dit.linear %e weight(%v) : (tensor<?x6x8xf32>, tensor<12x8xf32>) -> tensor<?x6x12xf32>
  %o = dit.unpatchify %f patch 2 : tensor<?x6x12xf32> -> tensor<?x3x4x6xf32>
  return %o : tensor<?x3x4x6xf32>
}

// -----

// Rows of the condition table stay float32: k and v depend on t alone, so the attention that reads
// them stays, and the linear that makes them; q's linear does not.
// CHECK-LABEL: @keep_what_runs_once_a_condition
func.func @denoise(%x: tensor<?x4x8xf32> {dit.name = "x"}, %t: tensor<?x2x8xf32> {dit.every = "condition", dit.name = "t"}) -> tensor<?x4x8xf32> attributes {test.claim = @keep_what_runs_once_a_condition} {
  %w = dit.weight "w" : tensor<8x8xf32>
  %v = dit.weight "v" : tensor<8x8xf32>
  // CHECK: dit.linear %arg1 {{.*}} : (tensor<?x2x8xf32>, tensor<8x8xf32>) -> tensor<?x2x8xf32>
  // CHECK: dit.linear %{{.*}} : (tensor<?x4x8xbf16>, tensor<8x8xbf16>) -> tensor<?x4x8xf32>
  // CHECK: dit.attention {{.*}} : tensor<?x4x8xf32>, tensor<?x2x8xf32> -> tensor<?x4x8xf32>
  %kv = dit.linear %t weight(%v) : (tensor<?x2x8xf32>, tensor<8x8xf32>) -> tensor<?x2x8xf32>
  %q = dit.linear %x weight(%w) : (tensor<?x4x8xf32>, tensor<8x8xf32>) -> tensor<?x4x8xf32>
  %a = dit.attention %q, %kv, %kv heads 2 : tensor<?x4x8xf32>, tensor<?x2x8xf32> -> tensor<?x4x8xf32>
  return %a : tensor<?x4x8xf32>
}

// -----

// Two linears of one value and one weight share its cast.
// CHECK-LABEL: @round_a_value_once
func.func @denoise(%x: tensor<?x4x8xf32> {dit.name = "x"}) -> (tensor<?x4x8xf32>, tensor<?x4x8xf32>) attributes {test.claim = @round_a_value_once} {
  // CHECK-COUNT-2: dit.cast
  // CHECK-NOT: dit.cast
  %w = dit.weight "w" : tensor<8x8xf32>
  %a = dit.linear %x weight(%w) : (tensor<?x4x8xf32>, tensor<8x8xf32>) -> tensor<?x4x8xf32>
  %b = dit.linear %x weight(%w) : (tensor<?x4x8xf32>, tensor<8x8xf32>) -> tensor<?x4x8xf32>
  return %a, %b : tensor<?x4x8xf32>, tensor<?x4x8xf32>
}

// -----

// A linear says itself that it stays, and what is not said is not rounded.
// CHECK-LABEL: @keep_what_is_multiplied_as_it_is
func.func @denoise(%x: tensor<?x4x8xf32> {dit.name = "x"}) -> tensor<?x4x8xf32> attributes {test.claim = @keep_what_is_multiplied_as_it_is} {
  // CHECK-NOT: bf16
  %w = dit.weight "w" : tensor<8x8xf32>
  %a = dit.linear %x weight(%w) matmul<multiply = f32> : (tensor<?x4x8xf32>, tensor<8x8xf32>) -> tensor<?x4x8xf32>
  return %a : tensor<?x4x8xf32>
}
