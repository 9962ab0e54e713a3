// A network that no spec makes: every op of rows, rows that begin at any float,
// widths that no vector divides, pairs of features that no thread holds, norms
// and products with weights (one called as C++ calls something else), work on
// weights alone, and two values that a kernel returns.
module attributes {dit.name = "odd_ops", dit.phase = "dit", dit.spec = "name: odd_ops\0Adepth: 1\0Awidth: 8\0Aheads: 2\0Apatch_size: 2\0Aclasses: 4\0Alatent: {channels: 3, height: 4, width: 6}\0A"} {
  func.func @denoise(%x: tensor<?x3x4x6xf32> {dit.from = "input", dit.name = "x"}, %t: tensor<?xf32> {dit.every = "condition", dit.from = "input", dit.name = "t"}, %y: tensor<?xi32> {dit.every = "condition", dit.from = "input", dit.name = "y"}) -> (tensor<?x3x4x6xf32> {dit.name = "out"}) {
    // The condition: (N, 9), (N, 8) and (N, 9) of one projection.
    %freq = dit.timestep_embedding %t max_period 1.0e+03 shift 1 : tensor<?xf32> -> tensor<?x14xf32>
    %wt = dit.weight "wt" : tensor<8x14xf32>
    %t0 = dit.linear %freq weight(%wt) : (tensor<?x14xf32>, tensor<8x14xf32>) -> tensor<?x8xf32>
    %labels = dit.weight "labels" : tensor<5x8xf32>
    %t1 = dit.embedding %y table(%labels) : tensor<?xi32>, tensor<5x8xf32> -> tensor<?x8xf32>
    %c0 = dit.mul %t0, %t1 : tensor<?x8xf32>, tensor<?x8xf32>
    %c = dit.gelu erf %c0 : tensor<?x8xf32>
    %wc = dit.weight "wc" : tensor<26x8xf32>
    %bc = dit.weight "bc" : tensor<26xf32>
    %cond = dit.linear %c weight(%wc) bias(%bc) : (tensor<?x8xf32>, tensor<26x8xf32>, tensor<26xf32>) -> tensor<?x26xf32>
    %shift = dit.slice %cond dim 1 offset 0 : tensor<?x26xf32> -> tensor<?x9xf32>
    %gate = dit.slice %cond dim 1 offset 9 : tensor<?x26xf32> -> tensor<?x8xf32>
    %scale = dit.slice %cond dim 1 offset 17 : tensor<?x26xf32> -> tensor<?x9xf32>

    // Tokens of 26 features, read as rows that begin at 0, 9 and 17.
    %patches = dit.patchify %x patch 2 : tensor<?x3x4x6xf32> -> tensor<?x6x12xf32>
    %wp = dit.weight "wp" : tensor<26x12xf32>
    %wq = dit.weight "wq" : tensor<26x12xf32>
    %wpq = dit.mul %wp, %wq : tensor<26x12xf32>, tensor<26x12xf32>
    %row = dit.weight "row" : tensor<12xf32>
    %wpr = dit.add %wpq, %row : tensor<26x12xf32>, tensor<12xf32>
    %z = dit.linear %patches weight(%wpr) : (tensor<?x6x12xf32>, tensor<26x12xf32>) -> tensor<?x6x26xf32>
    %a = dit.slice %z dim 2 offset 0 : tensor<?x6x26xf32> -> tensor<?x6x9xf32>
    %b = dit.slice %z dim 2 offset 9 : tensor<?x6x26xf32> -> tensor<?x6x8xf32>
    %d = dit.slice %z dim 2 offset 17 : tensor<?x6x26xf32> -> tensor<?x6x9xf32>

    %g = dit.weight "switch" : tensor<9xf32>
    %a0 = dit.rms_norm %a weight(%g : tensor<9xf32>) eps 1.0e-05 : tensor<?x6x9xf32>
    %a1 = dit.modulate %a0 shift(%shift) scale(%scale) : tensor<?x6x9xf32>, tensor<?x9xf32>
    %a2 = dit.mul %a1, %d : tensor<?x6x9xf32>, tensor<?x6x9xf32>
    %lw = dit.weight "l.weight" : tensor<8xf32>
    %lb = dit.weight "l.bias" : tensor<8xf32>
    %b0 = dit.gate %b gate(%gate) : tensor<?x6x8xf32>, tensor<?x8xf32>
    %b1 = dit.layer_norm %b0 weight(%lw : tensor<8xf32>) bias(%lb : tensor<8xf32>) eps 1.0e-03 : tensor<?x6x8xf32>
    %b2 = dit.silu %b1 : tensor<?x6x8xf32>
    %cat = dit.concat %a2, %b2, %b0 dim 2 : tensor<?x6x9xf32>, tensor<?x6x8xf32>, tensor<?x6x8xf32> -> tensor<?x6x25xf32>
    %table = dit.sincos_position grid 2 x 3 trained 3 x 2 : tensor<6x8xf32>
    %wide = dit.concat %table, %table, %table dim 1 : tensor<6x8xf32>, tensor<6x8xf32>, tensor<6x8xf32> -> tensor<6x24xf32>
    // Angles that begin anywhere, of heads of 4 in rows of 25, and behind a linear
    // whose columns go one by one.
    %angles = dit.rotary_position grid 2 x 3 theta 1.0e+02 : tensor<6x8xf32>
    %turns = dit.slice %angles dim 1 offset 1 : tensor<6x8xf32> -> tensor<6x4xf32>
    %turned = dit.rotate %cat by(%turns) features 20 : tensor<?x6x25xf32>, tensor<6x4xf32>
    %rest = dit.slice %turned dim 2 offset 1 : tensor<?x6x25xf32> -> tensor<?x6x24xf32>
    %placed = dit.add %rest, %wide : tensor<?x6x24xf32>, tensor<6x24xf32>

    %wo = dit.weight "wo" : tensor<12x24xf32>
    %bo = dit.weight "bo" : tensor<12xf32>
    %o = dit.linear %placed weight(%wo) bias(%bo) : (tensor<?x6x24xf32>, tensor<12x24xf32>, tensor<12xf32>) -> tensor<?x6x12xf32>
    %o0 = dit.rotate %o by(%turns) features 8 : tensor<?x6x12xf32>, tensor<6x4xf32>
    %o1 = dit.gelu erf %o0 : tensor<?x6x12xf32>
    %out = dit.unpatchify %o1 patch 2 : tensor<?x6x12xf32> -> tensor<?x3x4x6xf32>
    return %out : tensor<?x3x4x6xf32>
  }
}
