// RUN: dit-opt-test %s --dit-wrap-kernels --remarks-filter=fusion --remark-format=emitRemark --verify-diagnostics -o /dev/null

func.func @unknown_op(%x: tensor<?x4x8xf32>) -> tensor<?x4x8xf32> {
  // expected-remark@below {{no kernel kind holds test.pure}}
  %p = "test.pure"(%x) : (tensor<?x4x8xf32>) -> tensor<?x4x8xf32>
  return %p : tensor<?x4x8xf32>
}
