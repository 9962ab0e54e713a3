// RUN: dit-opt-test %s --dit-wrap-kernels --remarks-filter=fusion --remark-format=emitRemark --verify-diagnostics -o /dev/null

// No remark: a view is no kernel.
func.func @view(%x: tensor<?x4x8xf32>) -> tensor<?x32xf32> {
  %v = dit.reshape %x : tensor<?x4x8xf32> -> tensor<?x32xf32>
  return %v : tensor<?x32xf32>
}

func.func @unknown_op(%x: tensor<?x4x8xf32>) -> tensor<?x4x8xf32> {
  // expected-remark@below {{no kernel kind holds test.pure}}
  %p = "test.pure"(%x) : (tensor<?x4x8xf32>) -> tensor<?x4x8xf32>
  return %p : tensor<?x4x8xf32>
}
