// RUN: dit-opt %s --dit-fuse-linear-prologue --remarks-filter=fusion --remark-format=emitRemark --verify-diagnostics -o /dev/null

// Twenty features of eight rows in f32 are 640 bytes; sixteen rows take twice that in tf32.
module attributes {dit.machine = #dit.machine<columns = 64, make = 1, move = 1, kept = 640, waits = 10, row_kernel = 120>} {
func.func @fused(%x: tensor<?x4x8xf32>, %w: tensor<6x8xf32>) -> tensor<?x4x6xf32> {
  // expected-remark@below {{layer_norm + linear}}
  %n = dit.layer_norm %x eps 1.0e-06 : tensor<?x4x8xf32>
  %l = dit.linear %n weight(%w) : (tensor<?x4x8xf32>, tensor<6x8xf32>) -> tensor<?x4x6xf32>
  return %l : tensor<?x4x6xf32>
}

func.func @too_wide(%x: tensor<?x4x24xf32>, %w: tensor<6x24xf32>) -> tensor<?x4x6xf32> {
  %n = dit.layer_norm %x eps 1.0e-06 : tensor<?x4x24xf32>
  // expected-remark@below {{rows of 24 features are wider than the 20 that a kernel may keep}}
  %l = dit.linear %n weight(%w) : (tensor<?x4x24xf32>, tensor<6x24xf32>) -> tensor<?x4x6xf32>
  return %l : tensor<?x4x6xf32>
}

func.func @shared_norm(%x: tensor<?x4x8xf32>, %w: tensor<6x8xf32>) -> (tensor<?x4x8xf32>, tensor<?x4x6xf32>) {
  %n = dit.layer_norm %x eps 1.0e-06 : tensor<?x4x8xf32>
  // expected-remark@below {{what makes the linear's x has a second user}}
  %l = dit.linear %n weight(%w) : (tensor<?x4x8xf32>, tensor<6x8xf32>) -> tensor<?x4x6xf32>
  return %n, %l : tensor<?x4x8xf32>, tensor<?x4x6xf32>
}

func.func @norm_joined_a_residual(%x: tensor<?x4x8xf32>, %w: tensor<6x8xf32>) -> tensor<?x4x6xf32> {
  %n = dit.fused row (%a = %x) : (tensor<?x4x8xf32>) -> tensor<?x4x8xf32> {
    %0 = dit.add %a, %a : tensor<?x4x8xf32>, tensor<?x4x8xf32>
    %1 = dit.layer_norm %0 eps 1.0e-06 : tensor<?x4x8xf32>
    dit.yield %1 : tensor<?x4x8xf32>
  }
  // expected-remark@below {{the norm is fused with other ops already}}
  %l = dit.linear %n weight(%w) : (tensor<?x4x8xf32>, tensor<6x8xf32>) -> tensor<?x4x6xf32>
  return %l : tensor<?x4x6xf32>
}

func.func @too_wide_in_tf32(%x: tensor<?x4x16xf32>, %w: tensor<6x16xf32>) -> tensor<?x4x6xf32> {
  %n = dit.layer_norm %x eps 1.0e-06 : tensor<?x4x16xf32>
  // expected-remark@below {{rows of 16 features are wider than the 10 that a kernel may keep}}
  %l = dit.linear %n weight(%w) matmul<multiply = tf32> : (tensor<?x4x16xf32>, tensor<6x16xf32>) -> tensor<?x4x6xf32>
  return %l : tensor<?x4x6xf32>
}

func.func @multiplying_waits(%x: tensor<?x4x16xf32>, %w: tensor<6x16xf32>) -> tensor<?x4x6xf32> {
  %n = dit.layer_norm %x eps 1.0e-06 : tensor<?x4x16xf32>
  // expected-remark@below {{multiplying would wait 160 clocks for rows of 16 features, and a row kernel takes 120}}
  %l = dit.linear %n weight(%w) matmul<multiply = bf16> : (tensor<?x4x16xf32>, tensor<6x16xf32>) -> tensor<?x4x6xf32>
  return %l : tensor<?x4x6xf32>
}
}
