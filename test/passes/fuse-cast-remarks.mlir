// RUN: dit-opt %s --dit-fuse-cast --remarks-filter=fusion --remark-format=emitRemark --verify-diagnostics -o /dev/null

func.func @shared_attention(%q: tensor<?x4x8xf32>) -> (tensor<?x4x8xf32>, tensor<?x4x8xbf16>) {
  %a = dit.attention %q, %q, %q heads 2 : tensor<?x4x8xf32>, tensor<?x4x8xf32> -> tensor<?x4x8xf32>
  // expected-remark@below {{what it rounds has a second user}}
  %c = dit.cast %a : tensor<?x4x8xf32> -> tensor<?x4x8xbf16>
  return %a, %c : tensor<?x4x8xf32>, tensor<?x4x8xbf16>
}

func.func @moved(%x: tensor<?x3x4x6xf32>) -> tensor<?x6x12xbf16> {
  %p = dit.patchify %x patch 2 : tensor<?x3x4x6xf32> -> tensor<?x6x12xf32>
  // expected-remark@below {{no kernel that ends with a cast makes what it rounds}}
  %c = dit.cast %p : tensor<?x6x12xf32> -> tensor<?x6x12xbf16>
  return %c : tensor<?x6x12xbf16>
}

func.func @pixels(%x: tensor<?x6x8xf32>, %w: tensor<12x8xf32>) -> tensor<?x3x4x6xbf16> {
  %o = dit.fused linear (%a = %x, %b = %w) : (tensor<?x6x8xf32>, tensor<12x8xf32>) -> tensor<?x3x4x6xf32> {
    %0 = dit.linear %a weight(%b) : (tensor<?x6x8xf32>, tensor<12x8xf32>) -> tensor<?x6x12xf32>
    %1 = dit.unpatchify %0 patch 2 : tensor<?x6x12xf32> -> tensor<?x3x4x6xf32>
    dit.yield %1 : tensor<?x3x4x6xf32>
  }
  // expected-remark@below {{no kernel that ends with a cast makes what it rounds}}
  %c = dit.cast %o : tensor<?x3x4x6xf32> -> tensor<?x3x4x6xbf16>
  return %c : tensor<?x3x4x6xbf16>
}

func.func @taken(%x: tensor<?x4x8xf32>) -> tensor<?x4x8xbf16> {
  %s = dit.silu %x : tensor<?x4x8xf32>
  %c = dit.fused row (%a = %s) : (tensor<?x4x8xf32>) -> tensor<?x4x8xbf16> {
    // expected-remark@below {{it is fused with other ops already}}
    %0 = dit.cast %a : tensor<?x4x8xf32> -> tensor<?x4x8xbf16>
    %1 = dit.gelu tanh %0 : tensor<?x4x8xbf16>
    dit.yield %1 : tensor<?x4x8xbf16>
  }
  return %c : tensor<?x4x8xbf16>
}
