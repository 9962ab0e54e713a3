// RUN: dit-opt %s --dit-lower-precision=type=fp8 --verify-diagnostics

// expected-error@below {{type must be bf16 or f16, but found 'fp8'}}
module {
func.func @denoise(%x: tensor<?x4x8xf32> {dit.name = "x"}) -> tensor<?x4x8xf32> {
  return %x : tensor<?x4x8xf32>
}
}
