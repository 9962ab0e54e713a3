// RUN: dit-opt %s --dit-fuse-adaln --remarks-filter=fusion --remark-format=emitRemark --verify-diagnostics -o /dev/null

func.func @fused(%x: tensor<?x4x8xf32>, %c: tensor<?x8xf32>) -> tensor<?x4x8xf32> {
  // expected-remark@below {{layer_norm + modulate}}
  %n = dit.layer_norm %x eps 1.0e-06 : tensor<?x4x8xf32>
  %h = dit.modulate %n shift(%c) scale(%c) : tensor<?x4x8xf32>, tensor<?x8xf32>
  return %h : tensor<?x4x8xf32>
}

func.func @shared_norm(%x: tensor<?x4x8xf32>, %c: tensor<?x8xf32>) -> (tensor<?x4x8xf32>, tensor<?x4x8xf32>) {
  %n = dit.layer_norm %x eps 1.0e-06 : tensor<?x4x8xf32>
  // expected-remark@below {{the norm has a second user}}
  %h = dit.modulate %n shift(%c) scale(%c) : tensor<?x4x8xf32>, tensor<?x8xf32>
  return %n, %h : tensor<?x4x8xf32>, tensor<?x4x8xf32>
}

// The scale of the modulate depends on a region that must run between them.
func.func @cycle(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %n, %s = dit.fused row (%a = %x) : (tensor<?x8xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>) {
    %0 = dit.layer_norm %a eps 1.0e-06 : tensor<?x8xf32>
    %1 = dit.silu %a : tensor<?x8xf32>
    dit.yield %0, %1 : tensor<?x8xf32>, tensor<?x8xf32>
  }
  %w = dit.weight "w" : tensor<8x8xf32>
  %p = dit.linear %s weight(%w) : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  // expected-remark@below {{another kernel must run between them}}
  %h = dit.modulate %n shift(%p) scale(%p) : tensor<?x8xf32>, tensor<?x8xf32>
  return %h : tensor<?x8xf32>
}
