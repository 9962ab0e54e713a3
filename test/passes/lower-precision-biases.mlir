// RUN: dit-opt %s --dit-choose-matmuls="multiply=bf16 by=cublaslt" --dit-lower-precision --split-input-file | FileCheck %s
// RUN: dit-opt %s --dit-choose-matmuls=multiply=bf16 --dit-lower-precision --split-input-file | FileCheck %s --check-prefix=KEPT

// The first sum is only read as GELU of it, rounded, by the second linear; the second sum is the stream's.
// CHECK-LABEL: @round_the_bias_of_a_rounded_sum
// KEPT-LABEL: @round_the_bias_of_a_rounded_sum
func.func @denoise(%x: tensor<?x4x8xf32> {dit.name = "x"}) -> tensor<?x4x6xf32> attributes {test.claim = @round_the_bias_of_a_rounded_sum} {
  // CHECK-DAG: [[B:%.*]] = dit.weight "b" : tensor<24xf32>
  // CHECK-DAG: [[NB:%.*]] = dit.cast [[B]] : tensor<24xf32> -> tensor<24xbf16>
  // CHECK-DAG: [[C:%.*]] = dit.weight "c" : tensor<6xf32>
  %w = dit.weight "w" : tensor<24x8xf32>
  %b = dit.weight "b" : tensor<24xf32>
  %v = dit.weight "v" : tensor<6x24xf32>
  %c = dit.weight "c" : tensor<6xf32>
  // CHECK: dit.linear {{.*}} bias([[NB]]) matmul<multiply = bf16, by = cublaslt> : (tensor<?x4x8xbf16>, tensor<24x8xbf16>, tensor<24xbf16>) -> tensor<?x4x24xf32>
  // KEPT: dit.linear {{.*}} : (tensor<?x4x8xbf16>, tensor<24x8xbf16>, tensor<24xf32>) -> tensor<?x4x24xf32>
  %h = dit.linear %x weight(%w) bias(%b) : (tensor<?x4x8xf32>, tensor<24x8xf32>, tensor<24xf32>) -> tensor<?x4x24xf32>
  %g = dit.gelu tanh %h : tensor<?x4x24xf32>
  // CHECK: dit.linear {{.*}} bias([[C]]) matmul<multiply = bf16> : (tensor<?x4x24xbf16>, tensor<6x24xbf16>, tensor<6xf32>) -> tensor<?x4x6xf32>
  %o = dit.linear %g weight(%v) bias(%c) : (tensor<?x4x24xf32>, tensor<6x24xf32>, tensor<6xf32>) -> tensor<?x4x6xf32>
  return %o : tensor<?x4x6xf32>
}

// -----

// One reader takes the sum as it is.
// CHECK-LABEL: @keep_the_bias_of_a_sum_that_is_read
func.func @denoise(%x: tensor<?x4x8xf32> {dit.name = "x"}) -> (tensor<?x4x8xf32>, tensor<?x4x6xf32>) attributes {test.claim = @keep_the_bias_of_a_sum_that_is_read} {
  %w = dit.weight "w" : tensor<8x8xf32>
  %b = dit.weight "b" : tensor<8xf32>
  %v = dit.weight "v" : tensor<6x8xf32>
  // CHECK-NOT: tensor<8xbf16>
  %h = dit.linear %x weight(%w) bias(%b) : (tensor<?x4x8xf32>, tensor<8x8xf32>, tensor<8xf32>) -> tensor<?x4x8xf32>
  %o = dit.linear %h weight(%v) : (tensor<?x4x8xf32>, tensor<6x8xf32>) -> tensor<?x4x6xf32>
  return %h, %o : tensor<?x4x8xf32>, tensor<?x4x6xf32>
}

// -----

// q, k and v are views of the sum, which is rounded as a whole.
// CHECK-LABEL: @round_the_bias_of_a_sum_that_views_share
func.func @denoise(%x: tensor<?x4x8xf32> {dit.name = "x"}) -> tensor<?x4x8xf32> attributes {test.claim = @round_the_bias_of_a_sum_that_views_share} {
  %w = dit.weight "w" : tensor<24x8xf32>
  %b = dit.weight "b" : tensor<24xf32>
  // CHECK: dit.linear {{.*}} : (tensor<?x4x8xbf16>, tensor<24x8xbf16>, tensor<24xbf16>) -> tensor<?x4x24xf32>
  %h = dit.linear %x weight(%w) bias(%b) : (tensor<?x4x8xf32>, tensor<24x8xf32>, tensor<24xf32>) -> tensor<?x4x24xf32>
  %q = dit.slice %h dim 2 offset 0 : tensor<?x4x24xf32> -> tensor<?x4x8xf32>
  %k = dit.slice %h dim 2 offset 8 : tensor<?x4x24xf32> -> tensor<?x4x8xf32>
  %v = dit.slice %h dim 2 offset 16 : tensor<?x4x24xf32> -> tensor<?x4x8xf32>
  %a = dit.attention %q, %k, %v heads 2 : tensor<?x4x8xf32>, tensor<?x4x8xf32> -> tensor<?x4x8xf32>
  return %a : tensor<?x4x8xf32>
}

// -----

// GELU's erf form is computed by another kernel, which reads the sum as it is.
// CHECK-LABEL: @keep_the_bias_before_erf
func.func @denoise(%x: tensor<?x4x8xf32> {dit.name = "x"}) -> tensor<?x4x6xf32> attributes {test.claim = @keep_the_bias_before_erf} {
  // CHECK-NOT: tensor<24xbf16>
  %w = dit.weight "w" : tensor<24x8xf32>
  %b = dit.weight "b" : tensor<24xf32>
  %v = dit.weight "v" : tensor<6x24xf32>
  %h = dit.linear %x weight(%w) bias(%b) : (tensor<?x4x8xf32>, tensor<24x8xf32>, tensor<24xf32>) -> tensor<?x4x24xf32>
  %g = dit.gelu erf %h : tensor<?x4x24xf32>
  %o = dit.linear %g weight(%v) : (tensor<?x4x24xf32>, tensor<6x24xf32>) -> tensor<?x4x6xf32>
  return %o : tensor<?x4x6xf32>
}
