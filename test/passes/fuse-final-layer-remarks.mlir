// RUN: dit-opt %s --dit-fuse-final-layer --remarks-filter=fusion --remark-format=emitRemark --verify-diagnostics -o /dev/null

// Two makings cost what a write and a read do, three more; a row of nine features takes 8 * 9 * 4 bytes.
module attributes {dit.machine = #dit.machine<columns = 10, make = 5, move = 5, kept = 300>} {
func.func @too_wide(%x: tensor<?x6x8xf32>, %w: tensor<24x8xf32>) -> tensor<?x6x4x6xf32> {
  %n = dit.layer_norm %x eps 1.0e-06 : tensor<?x6x8xf32>
  // expected-remark@below {{the norm would be computed anew for each 10 of 24 output features, which takes longer than a write and a read}}
  // expected-remark@below {{linear + unpatchify}}
  %l = dit.linear %n weight(%w) : (tensor<?x6x8xf32>, tensor<24x8xf32>) -> tensor<?x6x24xf32>
  %o = dit.unpatchify %l patch 2 : tensor<?x6x24xf32> -> tensor<?x6x4x6xf32>
  return %o : tensor<?x6x4x6xf32>
}

func.func @rows_too_wide(%x: tensor<?x6x10xf32>, %w: tensor<12x10xf32>) -> tensor<?x3x4x6xf32> {
  %n = dit.layer_norm %x eps 1.0e-06 : tensor<?x6x10xf32>
  // expected-remark@below {{rows of 10 features are wider than the 9 that a kernel may keep}}
  // expected-remark@below {{linear + unpatchify}}
  %l = dit.linear %n weight(%w) : (tensor<?x6x10xf32>, tensor<12x10xf32>) -> tensor<?x6x12xf32>
  %o = dit.unpatchify %l patch 2 : tensor<?x6x12xf32> -> tensor<?x3x4x6xf32>
  return %o : tensor<?x3x4x6xf32>
}

func.func @shared_norm(%x: tensor<?x6x8xf32>, %w: tensor<12x8xf32>) -> (tensor<?x6x8xf32>, tensor<?x3x4x6xf32>) {
  %n = dit.layer_norm %x eps 1.0e-06 : tensor<?x6x8xf32>
  // expected-remark@below {{what the linear reads has a second user}}
  // expected-remark@below {{linear + unpatchify}}
  %l = dit.linear %n weight(%w) : (tensor<?x6x8xf32>, tensor<12x8xf32>) -> tensor<?x6x12xf32>
  %o = dit.unpatchify %l patch 2 : tensor<?x6x12xf32> -> tensor<?x3x4x6xf32>
  return %n, %o : tensor<?x6x8xf32>, tensor<?x3x4x6xf32>
}

func.func @norm_joined_a_residual(%x: tensor<?x6x8xf32>, %w: tensor<12x8xf32>) -> tensor<?x3x4x6xf32> {
  %n = dit.fused row (%a = %x) : (tensor<?x6x8xf32>) -> tensor<?x6x8xf32> {
    %0 = dit.add %a, %a : tensor<?x6x8xf32>, tensor<?x6x8xf32>
    %1 = dit.layer_norm %0 eps 1.0e-06 : tensor<?x6x8xf32>
    dit.yield %1 : tensor<?x6x8xf32>
  }
  // expected-remark@below {{the norm is fused with other ops already}}
  // expected-remark@below {{linear + unpatchify}}
  %l = dit.linear %n weight(%w) : (tensor<?x6x8xf32>, tensor<12x8xf32>) -> tensor<?x6x12xf32>
  %o = dit.unpatchify %l patch 2 : tensor<?x6x12xf32> -> tensor<?x3x4x6xf32>
  return %o : tensor<?x3x4x6xf32>
}

func.func @shared_patches(%x: tensor<?x6x8xf32>, %w: tensor<12x8xf32>) -> (tensor<?x6x12xf32>, tensor<?x3x4x6xf32>) {
  %l = dit.linear %x weight(%w) : (tensor<?x6x8xf32>, tensor<12x8xf32>) -> tensor<?x6x12xf32>
  // expected-remark@below {{the patch vectors have a second user}}
  %o = dit.unpatchify %l patch 2 : tensor<?x6x12xf32> -> tensor<?x3x4x6xf32>
  return %l, %o : tensor<?x6x12xf32>, tensor<?x3x4x6xf32>
}

func.func @made_twice(%x: tensor<?x6x8xf32>, %w: tensor<12x8xf32>) -> tensor<?x3x4x6xf32> {
  // expected-remark@below {{layer_norm + linear + unpatchify}}
  %n = dit.layer_norm %x eps 1.0e-06 : tensor<?x6x8xf32>
  %l = dit.linear %n weight(%w) : (tensor<?x6x8xf32>, tensor<12x8xf32>) -> tensor<?x6x12xf32>
  %o = dit.unpatchify %l patch 2 : tensor<?x6x12xf32> -> tensor<?x3x4x6xf32>
  return %o : tensor<?x3x4x6xf32>
}
}
