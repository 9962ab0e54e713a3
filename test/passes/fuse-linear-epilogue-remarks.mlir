// RUN: dit-opt %s --dit-fuse-linear-epilogue --remarks-filter=fusion --remark-format=emitRemark --verify-diagnostics -o /dev/null

func.func @fused(%x: tensor<?x4x8xf32>, %w: tensor<6x8xf32>) -> tensor<?x4x6xf32> {
  // expected-remark@below {{linear + gelu}}
  %l = dit.linear %x weight(%w) : (tensor<?x4x8xf32>, tensor<6x8xf32>) -> tensor<?x4x6xf32>
  %h = dit.gelu tanh %l : tensor<?x4x6xf32>
  %f = dit.layer_norm %h eps 1.0e-06 : tensor<?x4x6xf32>
  return %f : tensor<?x4x6xf32>
}

func.func @second_user(%x: tensor<?x4x8xf32>, %w: tensor<6x8xf32>) -> (tensor<?x4x6xf32>, tensor<?x4x6xf32>) {
  %l = dit.linear %x weight(%w) : (tensor<?x4x8xf32>, tensor<6x8xf32>) -> tensor<?x4x6xf32>
  // expected-remark@below {{the linear's result has a second user}}
  %h = dit.gelu tanh %l : tensor<?x4x6xf32>
  return %l, %h : tensor<?x4x6xf32>, tensor<?x4x6xf32>
}

func.func @squared(%x: tensor<?x4x8xf32>, %w: tensor<6x8xf32>) -> tensor<?x4x6xf32> {
  %l = dit.linear %x weight(%w) : (tensor<?x4x8xf32>, tensor<6x8xf32>) -> tensor<?x4x6xf32>
  // expected-remark@below {{both operands are the linear's result}}
  %h = dit.mul %l, %l : tensor<?x4x6xf32>, tensor<?x4x6xf32>
  return %h : tensor<?x4x6xf32>
}

func.func @in_a_row_region(%x: tensor<?x4x8xf32>, %w: tensor<6x8xf32>) -> tensor<?x4x6xf32> {
  %l = dit.linear %x weight(%w) : (tensor<?x4x8xf32>, tensor<6x8xf32>) -> tensor<?x4x6xf32>
  %h = dit.fused row (%a = %l) : (tensor<?x4x6xf32>) -> tensor<?x4x6xf32> {
    // expected-remark@below {{it is fused with other ops already}}
    %0 = dit.silu %a : tensor<?x4x6xf32>
    %1 = dit.layer_norm %0 eps 1.0e-06 : tensor<?x4x6xf32>
    dit.yield %1 : tensor<?x4x6xf32>
  }
  return %h : tensor<?x4x6xf32>
}
