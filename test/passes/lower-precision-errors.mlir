// RUN: dit-opt %s --dit-lower-precision --split-input-file --verify-diagnostics

// expected-error@below {{expected one function @denoise and no @prepare; run --dit-lower-precision before --dit-stage}}
module {
func.func @prepare() {
  return
}
func.func @denoise(%x: tensor<?x4x8xf32> {dit.name = "x"}) -> tensor<?x4x8xf32> {
  return %x : tensor<?x4x8xf32>
}
}
