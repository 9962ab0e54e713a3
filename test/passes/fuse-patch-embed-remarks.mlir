// RUN: dit-opt %s --dit-fuse-patch-embed --remarks-filter=fusion --remark-format=emitRemark --verify-diagnostics -o /dev/null

func.func @shared_patches(%x: tensor<?x3x4x6xf32>, %w: tensor<8x12xf32>) -> (tensor<?x6x12xf32>, tensor<?x6x8xf32>) {
  %v = dit.patchify %x patch 2 : tensor<?x3x4x6xf32> -> tensor<?x6x12xf32>
  // expected-remark@below {{the patch vectors have a second user}}
  %e = dit.linear %v weight(%w) : (tensor<?x6x12xf32>, tensor<8x12xf32>) -> tensor<?x6x8xf32>
  return %v, %e : tensor<?x6x12xf32>, tensor<?x6x8xf32>
}

func.func @shared_embedding(%x: tensor<?x3x4x6xf32>, %w: tensor<8x12xf32>, %table: tensor<6x8xf32>) -> (tensor<?x6x8xf32>, tensor<?x6x8xf32>) {
  // expected-remark@below {{patchify + linear}}
  %v = dit.patchify %x patch 2 : tensor<?x3x4x6xf32> -> tensor<?x6x12xf32>
  %e = dit.linear %v weight(%w) : (tensor<?x6x12xf32>, tensor<8x12xf32>) -> tensor<?x6x8xf32>
  // expected-remark@below {{the embedding has a second user}}
  %s = dit.add %e, %table : tensor<?x6x8xf32>, tensor<6x8xf32>
  return %e, %s : tensor<?x6x8xf32>, tensor<?x6x8xf32>
}
