// RUN: dit-opt %s --dit-fuse-conditioning --remarks-filter=fusion --remark-format=emitRemark --verify-diagnostics -o /dev/null

func.func @shared_label(%t: tensor<?x8xf32>, %y: tensor<?xi32>, %table: tensor<11x8xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>) {
  %l = dit.embedding %y table(%table) : tensor<?xi32>, tensor<11x8xf32> -> tensor<?x8xf32>
  // expected-remark@below {{the embedding has a second user}}
  // expected-remark@below {{add + silu}}
  %c = dit.add %t, %l : tensor<?x8xf32>, tensor<?x8xf32>
  %s = dit.silu %c : tensor<?x8xf32>
  return %l, %s : tensor<?x8xf32>, tensor<?x8xf32>
}
