module attributes {dit.name = "names", dit.phase = "dit", dit.spec = "name: odd\0Adepth: 1\0Awidth: 8\0Aheads: 2\0Apatch_size: 2\0Aclasses: 4\0Alatent: {channels: 3, height: 4, width: 6}\0A"} {
  func.func @denoise(%x: tensor<?x3x4x6xf32> {dit.from = "input", dit.name = "x"}, %t: tensor<?xf32> {dit.every = "condition", dit.from = "input", dit.name = "t"}, %y: tensor<?xi32> {dit.every = "condition", dit.from = "input", dit.name = "y"}) -> (tensor<?x3x4x6xf32> {dit.name = "out"}) {
    %labels = dit.weight "class" : tensor<5x12xf32>
    %c = dit.embedding %y table(%labels) : tensor<?xi32>, tensor<5x12xf32> -> tensor<?x12xf32>
    %patches = dit.patchify %x patch 2 : tensor<?x3x4x6xf32> -> tensor<?x6x12xf32>
    %wp = dit.weight "a\22b\\" : tensor<12x12xf32>
    %z = dit.linear %patches weight(%wp) : (tensor<?x6x12xf32>, tensor<12x12xf32>) -> tensor<?x6x12xf32>
    %g = dit.gate %z gate(%c) : tensor<?x6x12xf32>, tensor<?x12xf32>
    %lw = dit.weight "new\0Aline" : tensor<12xf32>
    %lb = dit.weight "switch" : tensor<12xf32>
    %b1 = dit.layer_norm %g weight(%lw : tensor<12xf32>) bias(%lb : tensor<12xf32>) eps 1.0e-03 : tensor<?x6x12xf32>
    %out = dit.unpatchify %b1 patch 2 : tensor<?x6x12xf32> -> tensor<?x3x4x6xf32>
    return %out : tensor<?x3x4x6xf32>
  }
}
