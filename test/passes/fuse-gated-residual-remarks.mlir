// RUN: dit-opt %s --dit-fuse-gated-residual --remarks-filter=fusion --remark-format=emitRemark --verify-diagnostics -o /dev/null

func.func @fused(%x: tensor<?x4x8xf32>, %branch: tensor<?x4x8xf32>, %g: tensor<?x8xf32>) -> tensor<?x4x8xf32> {
  // expected-remark@below {{gate + add}}
  %b = dit.gate %branch gate(%g) : tensor<?x4x8xf32>, tensor<?x8xf32>
  %s = dit.add %x, %b : tensor<?x4x8xf32>, tensor<?x4x8xf32>
  return %s : tensor<?x4x8xf32>
}

func.func @shared_gate(%x: tensor<?x4x8xf32>, %branch: tensor<?x4x8xf32>, %g: tensor<?x8xf32>) -> (tensor<?x4x8xf32>, tensor<?x4x8xf32>) {
  %b = dit.gate %branch gate(%g) : tensor<?x4x8xf32>, tensor<?x8xf32>
  // expected-remark@below {{the gate has a second user}}
  %s = dit.add %x, %b : tensor<?x4x8xf32>, tensor<?x4x8xf32>
  return %b, %s : tensor<?x4x8xf32>, tensor<?x4x8xf32>
}

func.func @shared_norm(%x: tensor<?x4x8xf32>, %branch: tensor<?x4x8xf32>, %c: tensor<?x8xf32>) -> (tensor<?x4x8xf32>, tensor<?x4x8xf32>) {
  // expected-remark@below {{the norm has a second user}}
  // expected-remark@below {{"add + layer_norm"}}
  %s = dit.add %x, %branch : tensor<?x4x8xf32>, tensor<?x4x8xf32>
  %n = dit.layer_norm %s eps 1.0e-06 : tensor<?x4x8xf32>
  %o = dit.gelu tanh %n : tensor<?x4x8xf32>
  %h = dit.modulate %n shift(%c) scale(%c) : tensor<?x4x8xf32>, tensor<?x8xf32>
  return %o, %h : tensor<?x4x8xf32>, tensor<?x4x8xf32>
}

func.func @two_norms(%x: tensor<?x4x8xf32>, %branch: tensor<?x4x8xf32>) -> (tensor<?x4x8xf32>, tensor<?x4x8xf32>) {
  // expected-remark@below {{2 norms read the sum}}
  %s = dit.add %x, %branch : tensor<?x4x8xf32>, tensor<?x4x8xf32>
  %n = dit.layer_norm %s eps 1.0e-06 : tensor<?x4x8xf32>
  %m = dit.rms_norm %s eps 1.0e-06 : tensor<?x4x8xf32>
  return %n, %m : tensor<?x4x8xf32>, tensor<?x4x8xf32>
}

func.func @norm_of_a_final_layer(%x: tensor<?x4x8xf32>, %branch: tensor<?x4x8xf32>, %w: tensor<6x8xf32>) -> tensor<?x4x6xf32> {
  // expected-remark@below {{the norm that reads the sum is fused with a linear}}
  %s = dit.add %x, %branch : tensor<?x4x8xf32>, tensor<?x4x8xf32>
  %o = dit.fused linear (%a = %s, %b = %w) : (tensor<?x4x8xf32>, tensor<6x8xf32>) -> tensor<?x4x6xf32> {
    %0 = dit.layer_norm %a eps 1.0e-06 : tensor<?x4x8xf32>
    %1 = dit.linear %0 weight(%b) : (tensor<?x4x8xf32>, tensor<6x8xf32>) -> tensor<?x4x6xf32>
    dit.yield %1 : tensor<?x4x6xf32>
  }
  return %o : tensor<?x4x6xf32>
}
