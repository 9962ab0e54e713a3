// RUN: dit-opt %s --dit-plan-memory --remarks-filter=memory --remark-format=emitRemark --verify-diagnostics -o /dev/null

// expected-remark@below {{arena of @denoise: 128 bytes, 1.000 times the largest sum of live bytes}}
func.func @denoise(%x: tensor<?x4x8xf32>) -> tensor<?x4x8xf32> {
  %0 = dit.fused row (%a = %x) : (tensor<?x4x8xf32>) -> tensor<?x4x8xf32> {
    %r = dit.silu %a : tensor<?x4x8xf32>
    dit.yield %r : tensor<?x4x8xf32>
  }
  %1 = dit.fused row (%a = %0) : (tensor<?x4x8xf32>) -> tensor<?x4x8xf32> {
    %r = dit.silu %a : tensor<?x4x8xf32>
    dit.yield %r : tensor<?x4x8xf32>
  }
  return %1 : tensor<?x4x8xf32>
}
