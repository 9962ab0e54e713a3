// RUN: dit-check %s | FileCheck %s
// A region computes what its body computes; the phases follow one another.

// CHECK-DAG: @region.result0 : 1x1x2 = {{\[\[\[}}31, 82]]]
// CHECK-DAG: @region.result1 : 1x1x2 = {{\[\[\[}}30, 80]]]
func.func @region(%x: tensor<?x1x2xf32> {dit.values = dense<[[[1.0, 2.0]]]> : tensor<1x1x2xf32>},
                  %branch: tensor<?x1x2xf32> {dit.values = dense<[[[3.0, 4.0]]]> : tensor<1x1x2xf32>},
                  %gate: tensor<?x2xf32> {dit.values = dense<[[10.0, 20.0]]> : tensor<1x2xf32>}) -> (tensor<?x1x2xf32>, tensor<?x1x2xf32>) {
  %x1, %g = dit.fused row (%r = %x, %b = %branch, %c = %gate) : (tensor<?x1x2xf32>, tensor<?x1x2xf32>, tensor<?x2xf32>) -> (tensor<?x1x2xf32>, tensor<?x1x2xf32>) {
    %0 = dit.gate %b gate(%c) : tensor<?x1x2xf32>, tensor<?x2xf32>
    %1 = dit.add %r, %0 : tensor<?x1x2xf32>, tensor<?x1x2xf32>
    dit.yield %1, %0 : tensor<?x1x2xf32>, tensor<?x1x2xf32>
  }
  return %x1, %g : tensor<?x1x2xf32>, tensor<?x1x2xf32>
}

// -----

// w = (2, 3) is prepared, c = t * w is made once a sample, out = x * (1 + c) + c.
// Sample 0: t = 1, x = 10; sample 1: t = 2, x = 20.
// CHECK-LABEL: @denoise.out : 2x1x2 = {{\[\[\[}}32, 43]], {{\[\[}}104, 146]]]
func.func @prepare() -> (tensor<2xf32> {dit.name = "w"}) {
  %w = dit.weight "w" {dit.values = dense<[2.0, 3.0]> : tensor<2xf32>} : tensor<2xf32>
  return %w : tensor<2xf32>
}
func.func @condition(%t: tensor<?xf32> {dit.every = "condition", dit.name = "t", dit.from = "input", dit.values = dense<[1.0, 2.0]> : tensor<2xf32>},
                     %w: tensor<2xf32> {dit.name = "w", dit.from = "prepare"}) -> (tensor<?x2xf32> {dit.name = "c"}) {
  %t1 = dit.reshape %t : tensor<?xf32> -> tensor<?x1xf32>
  %tt = dit.concat %t1, %t1 dim 1 : tensor<?x1xf32>, tensor<?x1xf32> -> tensor<?x2xf32>
  %c = dit.mul %tt, %w : tensor<?x2xf32>, tensor<2xf32>
  return %c : tensor<?x2xf32>
}
func.func @denoise(%x: tensor<?x1x2xf32> {dit.name = "x", dit.from = "input", dit.values = dense<[[[10.0, 10.0]], [[20.0, 20.0]]]> : tensor<2x1x2xf32>},
                   %c: tensor<?x2xf32> {dit.name = "c", dit.from = "condition"}) -> (tensor<?x1x2xf32> {dit.name = "out"}) {
  %o = dit.modulate %x shift(%c) scale(%c) : tensor<?x1x2xf32>, tensor<?x2xf32>
  return %o : tensor<?x1x2xf32>
}
