// Every op in every place that the grammar of kernels has for it, in f32.
// Made by table/regions.py.
module attributes {dit.name = "regions_f32", dit.phase = "fused", dit.spec = "name: regions\0Adepth: 1\0Awidth: 72\0Aheads: 1\0Apatch_size: 2\0Aclasses: 71\0Alatent: {channels: 3, height: 10, width: 16}\0A"} {
  func.func @prepare() -> (tensor<72xf32> {dit.name = "features"}, tensor<72x72xf32> {dit.name = "labels"}, tensor<72x12xf32> {dit.name = "weight_12"}, tensor<72x72xf32> {dit.name = "weight_f32"}, tensor<12x72xf32> {dit.name = "weight_to_12_f32"}, tensor<72x12xf32> {dit.name = "weight_h"}, tensor<72x12xf32> {dit.name = "weight_other"}, tensor<40x72xf32> {dit.name = "table"}, tensor<40x24xf32> {dit.name = "angles"}, tensor<72x72xf32> {dit.name = "made_add"}, tensor<72x72xbf16> {dit.name = "made_cast"}, tensor<144x72xf32> {dit.name = "made_concat"}, tensor<72x72xf32> {dit.name = "made_mul"}, tensor<72x72xf32> {dit.name = "made_reshape"}) {
    %w1 = dit.weight "w1" : tensor<72xf32>
    %w2 = dit.weight "w2" : tensor<72x72xf32>
    %w3 = dit.weight "w3" : tensor<72x12xf32>
    %w4 = dit.weight "w4" : tensor<72x72xf32>
    %w5 = dit.weight "w5" : tensor<12x72xf32>
    %w6 = dit.weight "w6" : tensor<72x12xf32>
    %w7 = dit.weight "w7" : tensor<72x12xf32>
    %n1 = dit.fused row () : () -> tensor<40x72xf32> {
      %v0 = dit.sincos_position grid 5 x 8 : tensor<40x72xf32>
      dit.yield %v0 : tensor<40x72xf32>
    }
    %n2 = dit.fused row () : () -> tensor<40x24xf32> {
      %v0 = dit.rotary_position grid 4 x 9 theta 1.0e+04 : tensor<40x24xf32>
      dit.yield %v0 : tensor<40x24xf32>
    }
    %w8 = dit.weight "w8" : tensor<72x72xf32>
    %w9 = dit.weight "w9" : tensor<72x72xf32>
    %n3 = dit.fused pack (%a0 = %w8, %a1 = %w9) : (tensor<72x72xf32>, tensor<72x72xf32>) -> tensor<72x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<72x72xf32>, tensor<72x72xf32>
      dit.yield %v0 : tensor<72x72xf32>
    }
    %w10 = dit.weight "w10" : tensor<72x72xf32>
    %n4 = dit.fused pack (%a0 = %w10) : (tensor<72x72xf32>) -> tensor<72x72xbf16> {
      %v0 = dit.cast %a0 : tensor<72x72xf32> -> tensor<72x72xbf16>
      dit.yield %v0 : tensor<72x72xbf16>
    }
    %w11 = dit.weight "w11" : tensor<72x72xf32>
    %w12 = dit.weight "w12" : tensor<72x72xf32>
    %n5 = dit.fused pack (%a0 = %w11, %a1 = %w12) : (tensor<72x72xf32>, tensor<72x72xf32>) -> tensor<144x72xf32> {
      %v0 = dit.concat %a0, %a1 dim 0 : tensor<72x72xf32>, tensor<72x72xf32> -> tensor<144x72xf32>
      dit.yield %v0 : tensor<144x72xf32>
    }
    %w13 = dit.weight "w13" : tensor<72x72xf32>
    %w14 = dit.weight "w14" : tensor<72x72xf32>
    %n6 = dit.fused pack (%a0 = %w13, %a1 = %w14) : (tensor<72x72xf32>, tensor<72x72xf32>) -> tensor<72x72xf32> {
      %v0 = dit.mul %a0, %a1 : tensor<72x72xf32>, tensor<72x72xf32>
      dit.yield %v0 : tensor<72x72xf32>
    }
    %w15 = dit.weight "w15" : tensor<72x8x9xf32>
    %n7 = dit.fused pack (%a0 = %w15) : (tensor<72x8x9xf32>) -> tensor<72x72xf32> {
      %v0 = dit.reshape %a0 : tensor<72x8x9xf32> -> tensor<72x72xf32>
      dit.yield %v0 : tensor<72x72xf32>
    }
    return %w1, %w2, %w3, %w4, %w5, %w6, %w7, %n1, %n2, %n3, %n4, %n5, %n6, %n7 : tensor<72xf32>, tensor<72x72xf32>, tensor<72x12xf32>, tensor<72x72xf32>, tensor<12x72xf32>, tensor<72x12xf32>, tensor<72x12xf32>, tensor<40x72xf32>, tensor<40x24xf32>, tensor<72x72xf32>, tensor<72x72xbf16>, tensor<144x72xf32>, tensor<72x72xf32>, tensor<72x72xf32>
  }
  func.func @condition(%t: tensor<?xf32> {dit.from = "input", dit.name = "t"}, %y: tensor<?xi32> {dit.from = "input", dit.name = "y"}, %features: tensor<72xf32> {dit.from = "prepare", dit.name = "features"}, %labels: tensor<72x72xf32> {dit.from = "prepare", dit.name = "labels"}, %weight_12: tensor<72x12xf32> {dit.from = "prepare", dit.name = "weight_12"}, %weight_f32: tensor<72x72xf32> {dit.from = "prepare", dit.name = "weight_f32"}, %weight_to_12_f32: tensor<12x72xf32> {dit.from = "prepare", dit.name = "weight_to_12_f32"}, %weight_h: tensor<72x12xf32> {dit.from = "prepare", dit.name = "weight_h"}, %weight_other: tensor<72x12xf32> {dit.from = "prepare", dit.name = "weight_other"}, %table: tensor<40x72xf32> {dit.from = "prepare", dit.name = "table"}, %angles: tensor<40x24xf32> {dit.from = "prepare", dit.name = "angles"}, %made_add: tensor<72x72xf32> {dit.from = "prepare", dit.name = "made_add"}, %made_cast: tensor<72x72xbf16> {dit.from = "prepare", dit.name = "made_cast"}, %made_concat: tensor<144x72xf32> {dit.from = "prepare", dit.name = "made_concat"}, %made_mul: tensor<72x72xf32> {dit.from = "prepare", dit.name = "made_mul"}, %made_reshape: tensor<72x72xf32> {dit.from = "prepare", dit.name = "made_reshape"}) -> (tensor<?x72xf32> {dit.name = "shift"}, tensor<?x72xf32> {dit.name = "scale"}, tensor<?x72xf32> {dit.name = "gate"}) {
    %n8 = dit.fused linear (%a0 = %y, %a1 = %labels, %a2 = %weight_f32) : (tensor<?xi32>, tensor<72x72xf32>, tensor<72x72xf32>) -> tensor<?x72xf32> {
      %v0 = dit.embedding %a0 table(%a1) : tensor<?xi32>, tensor<72x72xf32> -> tensor<?x72xf32>
      %v1 = dit.linear %v0 weight(%a2) : (tensor<?x72xf32>, tensor<72x72xf32>) -> tensor<?x72xf32>
      dit.yield %v1 : tensor<?x72xf32>
    }
    %n9 = dit.fused row (%a0 = %y, %a1 = %labels) : (tensor<?xi32>, tensor<72x72xf32>) -> tensor<?x72xf32> {
      %v0 = dit.embedding %a0 table(%a1) : tensor<?xi32>, tensor<72x72xf32> -> tensor<?x72xf32>
      dit.yield %v0 : tensor<?x72xf32>
    }
    %n10 = dit.fused row (%a0 = %t) : (tensor<?xf32>) -> tensor<?x72xf32> {
      %v0 = dit.timestep_embedding %a0 max_period 1.0e+03 shift 0 : tensor<?xf32> -> tensor<?x72xf32>
      dit.yield %v0 : tensor<?x72xf32>
    }
    return %n8, %n9, %n10 : tensor<?x72xf32>, tensor<?x72xf32>, tensor<?x72xf32>
  }
  func.func @denoise(%image: tensor<?x3x10x16xf32> {dit.from = "input", dit.name = "x"}, %shift: tensor<?x72xf32> {dit.from = "condition", dit.name = "shift"}, %scale: tensor<?x72xf32> {dit.from = "condition", dit.name = "scale"}, %gate: tensor<?x72xf32> {dit.from = "condition", dit.name = "gate"}, %features: tensor<72xf32> {dit.from = "prepare", dit.name = "features"}, %labels: tensor<72x72xf32> {dit.from = "prepare", dit.name = "labels"}, %weight_12: tensor<72x12xf32> {dit.from = "prepare", dit.name = "weight_12"}, %weight_f32: tensor<72x72xf32> {dit.from = "prepare", dit.name = "weight_f32"}, %weight_to_12_f32: tensor<12x72xf32> {dit.from = "prepare", dit.name = "weight_to_12_f32"}, %weight_h: tensor<72x12xf32> {dit.from = "prepare", dit.name = "weight_h"}, %weight_other: tensor<72x12xf32> {dit.from = "prepare", dit.name = "weight_other"}, %table: tensor<40x72xf32> {dit.from = "prepare", dit.name = "table"}, %angles: tensor<40x24xf32> {dit.from = "prepare", dit.name = "angles"}, %made_add: tensor<72x72xf32> {dit.from = "prepare", dit.name = "made_add"}, %made_cast: tensor<72x72xbf16> {dit.from = "prepare", dit.name = "made_cast"}, %made_concat: tensor<144x72xf32> {dit.from = "prepare", dit.name = "made_concat"}, %made_mul: tensor<72x72xf32> {dit.from = "prepare", dit.name = "made_mul"}, %made_reshape: tensor<72x72xf32> {dit.from = "prepare", dit.name = "made_reshape"}) -> (tensor<?x3x10x16xf32> {dit.name = "out"}) {
    %n11 = dit.fused linear (%a0 = %image, %a1 = %weight_h) : (tensor<?x3x10x16xf32>, tensor<72x12xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.patchify %a0 patch 2 : tensor<?x3x10x16xf32> -> tensor<?x40x12xf32>
      %v1 = dit.linear %v0 weight(%a1) : (tensor<?x40x12xf32>, tensor<72x12xf32>) -> tensor<?x40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n12 = dit.fused linear (%a0 = %image, %a1 = %weight_other) : (tensor<?x3x10x16xf32>, tensor<72x12xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.patchify %a0 patch 2 : tensor<?x3x10x16xf32> -> tensor<?x40x12xf32>
      %v1 = dit.linear %v0 weight(%a1) : (tensor<?x40x12xf32>, tensor<72x12xf32>) -> tensor<?x40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n13 = dit.fused patch (%a0 = %image) : (tensor<?x3x10x16xf32>) -> tensor<?x40x12xf32> {
      %v0 = dit.patchify %a0 patch 2 : tensor<?x3x10x16xf32> -> tensor<?x40x12xf32>
      dit.yield %v0 : tensor<?x40x12xf32>
    }
    %n14 = dit.fused attention (%a0 = %n11, %a1 = %n12, %a2 = %n12) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xbf16> {
      %v0 = dit.attention %a0, %a1, %a2 heads 1 : tensor<?x40x72xf32>, tensor<?x40x72xf32> -> tensor<?x40x72xf32>
      %v1 = dit.cast %v0 : tensor<?x40x72xf32> -> tensor<?x40x72xbf16>
      dit.yield %v1 : tensor<?x40x72xbf16>
    }
    %n15 = dit.fused row (%a0 = %n14, %a1 = %n11) : (tensor<?x40x72xbf16>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.cast %a0 : tensor<?x40x72xbf16> -> tensor<?x40x72xf32>
      %v1 = dit.add %v0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n16 = dit.fused attention (%a0 = %n11, %a1 = %n12, %a2 = %n12) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.attention %a0, %a1, %a2 heads 1 : tensor<?x40x72xf32>, tensor<?x40x72xf32> -> tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n17 = dit.fused row (%a0 = %n16, %a1 = %n15) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n18 = dit.fused linear (%a0 = %n11, %a1 = %weight_f32, %a2 = %n12) : (tensor<?x40x72xf32>, tensor<72x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.linear %a0 weight(%a1) : (tensor<?x40x72xf32>, tensor<72x72xf32>) -> tensor<?x40x72xf32>
      %v1 = dit.add %v0, %a2 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n19 = dit.fused row (%a0 = %n18, %a1 = %n17) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n20 = dit.fused linear (%a0 = %n11, %a1 = %weight_f32) : (tensor<?x40x72xf32>, tensor<72x72xf32>) -> tensor<?x40x72xbf16> {
      %v0 = dit.linear %a0 weight(%a1) : (tensor<?x40x72xf32>, tensor<72x72xf32>) -> tensor<?x40x72xf32>
      %v1 = dit.cast %v0 : tensor<?x40x72xf32> -> tensor<?x40x72xbf16>
      dit.yield %v1 : tensor<?x40x72xbf16>
    }
    %n21 = dit.fused row (%a0 = %n20, %a1 = %n19) : (tensor<?x40x72xbf16>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.cast %a0 : tensor<?x40x72xbf16> -> tensor<?x40x72xf32>
      %v1 = dit.add %v0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n22 = dit.fused linear (%a0 = %n11, %a1 = %weight_f32, %a2 = %gate) : (tensor<?x40x72xf32>, tensor<72x72xf32>, tensor<?x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.linear %a0 weight(%a1) : (tensor<?x40x72xf32>, tensor<72x72xf32>) -> tensor<?x40x72xf32>
      %v1 = dit.gate %v0 gate(%a2) : tensor<?x40x72xf32>, tensor<?x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n23 = dit.fused row (%a0 = %n22, %a1 = %n21) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n24 = dit.fused linear (%a0 = %n11, %a1 = %weight_f32) : (tensor<?x40x72xf32>, tensor<72x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.linear %a0 weight(%a1) : (tensor<?x40x72xf32>, tensor<72x72xf32>) -> tensor<?x40x72xf32>
      %v1 = dit.gelu tanh %v0 : tensor<?x40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n25 = dit.fused row (%a0 = %n24, %a1 = %n23) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n26 = dit.fused linear (%a0 = %n11, %a1 = %weight_f32, %a2 = %table) : (tensor<?x40x72xf32>, tensor<72x72xf32>, tensor<40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.linear %a0 weight(%a1) : (tensor<?x40x72xf32>, tensor<72x72xf32>) -> tensor<?x40x72xf32>
      %v1 = dit.mul %v0, %a2 : tensor<?x40x72xf32>, tensor<40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n27 = dit.fused row (%a0 = %n26, %a1 = %n25) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n28 = dit.fused linear (%a0 = %n11, %a1 = %weight_f32, %a2 = %angles) : (tensor<?x40x72xf32>, tensor<72x72xf32>, tensor<40x24xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.linear %a0 weight(%a1) : (tensor<?x40x72xf32>, tensor<72x72xf32>) -> tensor<?x40x72xf32>
      %v1 = dit.rotate %v0 by(%a2) features 48 : tensor<?x40x72xf32>, tensor<40x24xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n29 = dit.fused row (%a0 = %n28, %a1 = %n27) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n30 = dit.fused linear (%a0 = %n11, %a1 = %weight_f32) : (tensor<?x40x72xf32>, tensor<72x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.linear %a0 weight(%a1) : (tensor<?x40x72xf32>, tensor<72x72xf32>) -> tensor<?x40x72xf32>
      %v1 = dit.silu %v0 : tensor<?x40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n31 = dit.fused row (%a0 = %n30, %a1 = %n29) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n32 = dit.fused linear (%a0 = %n11, %a1 = %weight_to_12_f32) : (tensor<?x40x72xf32>, tensor<12x72xf32>) -> tensor<?x3x10x16xf32> {
      %v0 = dit.linear %a0 weight(%a1) : (tensor<?x40x72xf32>, tensor<12x72xf32>) -> tensor<?x40x12xf32>
      %v1 = dit.unpatchify %v0 patch 2 : tensor<?x40x12xf32> -> tensor<?x3x10x16xf32>
      dit.yield %v1 : tensor<?x3x10x16xf32>
    }
    %n33 = dit.fused linear (%a0 = %n32, %a1 = %weight_12) : (tensor<?x3x10x16xf32>, tensor<72x12xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.patchify %a0 patch 2 : tensor<?x3x10x16xf32> -> tensor<?x40x12xf32>
      %v1 = dit.linear %v0 weight(%a1) : (tensor<?x40x12xf32>, tensor<72x12xf32>) -> tensor<?x40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n34 = dit.fused row (%a0 = %n33, %a1 = %n31) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n35 = dit.fused linear (%a0 = %n11, %a1 = %weight_f32) : (tensor<?x40x72xf32>, tensor<72x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.linear %a0 weight(%a1) : (tensor<?x40x72xf32>, tensor<72x72xf32>) -> tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n36 = dit.fused row (%a0 = %n35, %a1 = %n34) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n37 = dit.fused linear (%a0 = %n11, %a1 = %n12, %a2 = %weight_f32) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>, tensor<72x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      %v1 = dit.linear %v0 weight(%a2) : (tensor<?x40x72xf32>, tensor<72x72xf32>) -> tensor<?x40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n38 = dit.fused row (%a0 = %n37, %a1 = %n36) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n39 = dit.fused linear (%a0 = %n11, %a1 = %gate, %a2 = %weight_f32) : (tensor<?x40x72xf32>, tensor<?x72xf32>, tensor<72x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.gate %a0 gate(%a1) : tensor<?x40x72xf32>, tensor<?x72xf32>
      %v1 = dit.linear %v0 weight(%a2) : (tensor<?x40x72xf32>, tensor<72x72xf32>) -> tensor<?x40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n40 = dit.fused row (%a0 = %n39, %a1 = %n38) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n41 = dit.fused linear (%a0 = %n11, %a1 = %weight_f32) : (tensor<?x40x72xf32>, tensor<72x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.gelu tanh %a0 : tensor<?x40x72xf32>
      %v1 = dit.linear %v0 weight(%a1) : (tensor<?x40x72xf32>, tensor<72x72xf32>) -> tensor<?x40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n42 = dit.fused row (%a0 = %n41, %a1 = %n40) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n43 = dit.fused linear (%a0 = %n11, %a1 = %weight_f32) : (tensor<?x40x72xf32>, tensor<72x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.layer_norm %a0 eps 1.0e-06 : tensor<?x40x72xf32>
      %v1 = dit.linear %v0 weight(%a1) : (tensor<?x40x72xf32>, tensor<72x72xf32>) -> tensor<?x40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n44 = dit.fused row (%a0 = %n43, %a1 = %n42) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n45 = dit.fused linear (%a0 = %n11, %a1 = %shift, %a2 = %scale, %a3 = %weight_f32) : (tensor<?x40x72xf32>, tensor<?x72xf32>, tensor<?x72xf32>, tensor<72x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.modulate %a0 shift(%a1) scale(%a2) : tensor<?x40x72xf32>, tensor<?x72xf32>
      %v1 = dit.linear %v0 weight(%a3) : (tensor<?x40x72xf32>, tensor<72x72xf32>) -> tensor<?x40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n46 = dit.fused row (%a0 = %n45, %a1 = %n44) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n47 = dit.fused linear (%a0 = %n11, %a1 = %table, %a2 = %weight_f32) : (tensor<?x40x72xf32>, tensor<40x72xf32>, tensor<72x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.mul %a0, %a1 : tensor<?x40x72xf32>, tensor<40x72xf32>
      %v1 = dit.linear %v0 weight(%a2) : (tensor<?x40x72xf32>, tensor<72x72xf32>) -> tensor<?x40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n48 = dit.fused row (%a0 = %n47, %a1 = %n46) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n49 = dit.fused linear (%a0 = %image, %a1 = %weight_12) : (tensor<?x3x10x16xf32>, tensor<72x12xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.patchify %a0 patch 2 : tensor<?x3x10x16xf32> -> tensor<?x40x12xf32>
      %v1 = dit.linear %v0 weight(%a1) : (tensor<?x40x12xf32>, tensor<72x12xf32>) -> tensor<?x40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n50 = dit.fused row (%a0 = %n49, %a1 = %n48) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n51 = dit.fused linear (%a0 = %n11, %a1 = %features, %a2 = %weight_f32) : (tensor<?x40x72xf32>, tensor<72xf32>, tensor<72x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.rms_norm %a0 weight(%a1 : tensor<72xf32>) eps 1.0e-06 : tensor<?x40x72xf32>
      %v1 = dit.linear %v0 weight(%a2) : (tensor<?x40x72xf32>, tensor<72x72xf32>) -> tensor<?x40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n52 = dit.fused row (%a0 = %n51, %a1 = %n50) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n53 = dit.fused linear (%a0 = %n11, %a1 = %angles, %a2 = %weight_f32) : (tensor<?x40x72xf32>, tensor<40x24xf32>, tensor<72x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.rotate %a0 by(%a1) features 48 : tensor<?x40x72xf32>, tensor<40x24xf32>
      %v1 = dit.linear %v0 weight(%a2) : (tensor<?x40x72xf32>, tensor<72x72xf32>) -> tensor<?x40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n54 = dit.fused row (%a0 = %n53, %a1 = %n52) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n55 = dit.fused linear (%a0 = %n11, %a1 = %weight_f32) : (tensor<?x40x72xf32>, tensor<72x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.silu %a0 : tensor<?x40x72xf32>
      %v1 = dit.linear %v0 weight(%a1) : (tensor<?x40x72xf32>, tensor<72x72xf32>) -> tensor<?x40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n56 = dit.fused row (%a0 = %n55, %a1 = %n54) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n57 = dit.fused patch (%a0 = %n11, %a1 = %n12) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x80x72xf32> {
      %v0 = dit.concat %a0, %a1 dim 1 : tensor<?x40x72xf32>, tensor<?x40x72xf32> -> tensor<?x80x72xf32>
      dit.yield %v0 : tensor<?x80x72xf32>
    }
    %n58 = dit.slice %n57 dim 1 offset 20 : tensor<?x80x72xf32> -> tensor<?x40x72xf32>
    %n59 = dit.fused row (%a0 = %n58, %a1 = %n56) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n60 = dit.fused patch (%a0 = %image) : (tensor<?x3x10x16xf32>) -> tensor<?x40x12xf32> {
      %v0 = dit.patchify %a0 patch 2 : tensor<?x3x10x16xf32> -> tensor<?x40x12xf32>
      dit.yield %v0 : tensor<?x40x12xf32>
    }
    %n61 = dit.fused linear (%a0 = %n60, %a1 = %weight_12) : (tensor<?x40x12xf32>, tensor<72x12xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.linear %a0 weight(%a1) : (tensor<?x40x12xf32>, tensor<72x12xf32>) -> tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n62 = dit.fused row (%a0 = %n61, %a1 = %n59) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n63 = dit.fused patch (%a0 = %n13) : (tensor<?x40x12xf32>) -> tensor<?x3x10x16xf32> {
      %v0 = dit.unpatchify %a0 patch 2 : tensor<?x40x12xf32> -> tensor<?x3x10x16xf32>
      dit.yield %v0 : tensor<?x3x10x16xf32>
    }
    %n64 = dit.fused linear (%a0 = %n63, %a1 = %weight_12) : (tensor<?x3x10x16xf32>, tensor<72x12xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.patchify %a0 patch 2 : tensor<?x3x10x16xf32> -> tensor<?x40x12xf32>
      %v1 = dit.linear %v0 weight(%a1) : (tensor<?x40x12xf32>, tensor<72x12xf32>) -> tensor<?x40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n65 = dit.fused row (%a0 = %n64, %a1 = %n62) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n66 = dit.fused row (%a0 = %n11, %a1 = %n12) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n67 = dit.fused row (%a0 = %n66, %a1 = %n65) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n68 = dit.fused row (%a0 = %n11) : (tensor<?x40x72xf32>) -> tensor<?x40x72xbf16> {
      %v0 = dit.cast %a0 : tensor<?x40x72xf32> -> tensor<?x40x72xbf16>
      dit.yield %v0 : tensor<?x40x72xbf16>
    }
    %n69 = dit.fused row (%a0 = %n68, %a1 = %n67) : (tensor<?x40x72xbf16>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.cast %a0 : tensor<?x40x72xbf16> -> tensor<?x40x72xf32>
      %v1 = dit.add %v0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n70 = dit.fused row (%a0 = %n11, %a1 = %gate) : (tensor<?x40x72xf32>, tensor<?x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.gate %a0 gate(%a1) : tensor<?x40x72xf32>, tensor<?x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n71 = dit.fused row (%a0 = %n70, %a1 = %n69) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n72 = dit.fused row (%a0 = %n11) : (tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.gelu tanh %a0 : tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n73 = dit.fused row (%a0 = %n72, %a1 = %n71) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n74 = dit.fused row (%a0 = %n11) : (tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.layer_norm %a0 eps 1.0e-06 : tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n75 = dit.fused row (%a0 = %n74, %a1 = %n73) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n76 = dit.fused row (%a0 = %n11, %a1 = %shift, %a2 = %scale) : (tensor<?x40x72xf32>, tensor<?x72xf32>, tensor<?x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.modulate %a0 shift(%a1) scale(%a2) : tensor<?x40x72xf32>, tensor<?x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n77 = dit.fused row (%a0 = %n76, %a1 = %n75) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n78 = dit.fused row (%a0 = %n11, %a1 = %table) : (tensor<?x40x72xf32>, tensor<40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.mul %a0, %a1 : tensor<?x40x72xf32>, tensor<40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n79 = dit.fused row (%a0 = %n78, %a1 = %n77) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n80 = dit.fused row (%a0 = %n11, %a1 = %features) : (tensor<?x40x72xf32>, tensor<72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.rms_norm %a0 weight(%a1 : tensor<72xf32>) eps 1.0e-06 : tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n81 = dit.fused row (%a0 = %n80, %a1 = %n79) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n82 = dit.fused row (%a0 = %n11, %a1 = %angles) : (tensor<?x40x72xf32>, tensor<40x24xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.rotate %a0 by(%a1) features 48 : tensor<?x40x72xf32>, tensor<40x24xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n83 = dit.fused row (%a0 = %n82, %a1 = %n81) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n84 = dit.fused row (%a0 = %n11) : (tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.silu %a0 : tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n85 = dit.fused row (%a0 = %n84, %a1 = %n83) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n86 = dit.fused linear (%a0 = %n11, %a1 = %made_add) : (tensor<?x40x72xf32>, tensor<72x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.linear %a0 weight(%a1) : (tensor<?x40x72xf32>, tensor<72x72xf32>) -> tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n87 = dit.fused row (%a0 = %n86, %a1 = %n85) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n88 = dit.fused linear (%a0 = %n11, %a1 = %made_cast) : (tensor<?x40x72xf32>, tensor<72x72xbf16>) -> tensor<?x40x72xf32> {
      %v0 = dit.cast %a0 : tensor<?x40x72xf32> -> tensor<?x40x72xbf16>
      %v1 = dit.linear %v0 weight(%a1) : (tensor<?x40x72xbf16>, tensor<72x72xbf16>) -> tensor<?x40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n89 = dit.fused row (%a0 = %n88, %a1 = %n87) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n90 = dit.fused linear (%a0 = %n11, %a1 = %made_concat) : (tensor<?x40x72xf32>, tensor<144x72xf32>) -> tensor<?x40x144xf32> {
      %v0 = dit.linear %a0 weight(%a1) : (tensor<?x40x72xf32>, tensor<144x72xf32>) -> tensor<?x40x144xf32>
      dit.yield %v0 : tensor<?x40x144xf32>
    }
    %n91 = dit.slice %n90 dim 2 offset 36 : tensor<?x40x144xf32> -> tensor<?x40x72xf32>
    %n92 = dit.fused row (%a0 = %n91, %a1 = %n89) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n93 = dit.fused linear (%a0 = %n11, %a1 = %made_mul) : (tensor<?x40x72xf32>, tensor<72x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.linear %a0 weight(%a1) : (tensor<?x40x72xf32>, tensor<72x72xf32>) -> tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n94 = dit.fused row (%a0 = %n93, %a1 = %n92) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n95 = dit.fused linear (%a0 = %n11, %a1 = %made_reshape) : (tensor<?x40x72xf32>, tensor<72x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.linear %a0 weight(%a1) : (tensor<?x40x72xf32>, tensor<72x72xf32>) -> tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n96 = dit.fused row (%a0 = %n95, %a1 = %n94) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n97 = dit.fused linear (%a0 = %n96, %a1 = %weight_to_12_f32) : (tensor<?x40x72xf32>, tensor<12x72xf32>) -> tensor<?x3x10x16xf32> {
      %v0 = dit.linear %a0 weight(%a1) : (tensor<?x40x72xf32>, tensor<12x72xf32>) -> tensor<?x40x12xf32>
      %v1 = dit.unpatchify %v0 patch 2 : tensor<?x40x12xf32> -> tensor<?x3x10x16xf32>
      dit.yield %v1 : tensor<?x3x10x16xf32>
    }
    return %n97 : tensor<?x3x10x16xf32>
  }
}
