// RUN: dit-check %s | FileCheck %s
// RUN: dit-check %s --exact | FileCheck %s --check-prefix=EXACT
// Where a value is rounded, and only there.

// bf16 has 8 significant bits: 257 lies between 256 and 258 and goes to the even 256, 259 to 260;
// 3.4e38 is beyond the largest bf16 and not beyond the largest float32.
// CHECK-DAG: @bf16.result0 : 1x5 = {{\[\[}}256, 260, -256, 1, inf]]
// EXACT-DAG: @bf16.result0 : 1x5 = {{\[\[}}257, 259, -257, 1.001, 3.4e+38]]
func.func @bf16(%x: tensor<?x5xf32> {dit.values = dense<[[257.0, 259.0, -257.0, 1.001, 3.4e38]]> : tensor<1x5xf64>}) -> tensor<?x5xbf16> {
  %h = dit.cast %x : tensor<?x5xf32> -> tensor<?x5xbf16>
  return %h : tensor<?x5xbf16>
}

// f16 has 11 bits, 65504 is the largest, 2^-24 = 5.96046e-08 the smallest; half of that goes to 0,
// a little more to the smallest.
// CHECK-DAG: @f16.result0 : 1x6 = {{\[\[}}2048, 2052, 65504, inf, 0, 5.96046e-08]]
// EXACT-DAG: @f16.result0 : 1x6 = {{\[\[}}2049, 2051, 65519, 65520, 2.98023e-08, 3.1e-08]]
func.func @f16(%x: tensor<?x6xf32> {dit.values = dense<[[2049.0, 2051.0, 65519.0, 65520.0, 2.98023223876953125e-08, 3.1e-08]]> : tensor<1x6xf64>}) -> tensor<?x6xf16> {
  %h = dit.cast %x : tensor<?x6xf32> -> tensor<?x6xf16>
  return %h : tensor<?x6xf16>
}

// 2^24 + 1 is no float32; the sum of float32 values is not rounded until it is cast.
// CHECK-DAG: @f32.result0 : 1x1 = {{\[\[}}0]]
// CHECK-DAG: @f32.result1 : 1x1 = {{\[\[}}1]]
func.func @f32(%x: tensor<?x1xf32> {dit.values = dense<[[16777216.0]]> : tensor<1x1xf32>},
               %one: tensor<?x1xf32> {dit.values = dense<[[1.0]]> : tensor<1x1xf32>},
               %minus: tensor<?x1xf32> {dit.values = dense<[[-16777216.0]]> : tensor<1x1xf32>}) -> (tensor<?x1xf32>, tensor<?x1xf32>) {
  %s = dit.add %x, %one : tensor<?x1xf32>, tensor<?x1xf32>
  %r = dit.cast %s : tensor<?x1xf32> -> tensor<?x1xf32>
  %a = dit.add %r, %minus : tensor<?x1xf32>, tensor<?x1xf32>
  %b = dit.add %s, %minus : tensor<?x1xf32>, tensor<?x1xf32>
  return %a, %b : tensor<?x1xf32>, tensor<?x1xf32>
}
