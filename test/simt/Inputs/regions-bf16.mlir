// Every op in every place that the grammar of kernels has for it, in bf16.
// Made by table/regions.py.
module attributes {dit.name = "regions_bf16", dit.phase = "fused", dit.spec = "name: regions\0Adepth: 1\0Awidth: 72\0Aheads: 1\0Apatch_size: 2\0Aclasses: 71\0Alatent: {channels: 3, height: 10, width: 16}\0A"} {
  func.func @prepare() -> (tensor<72xf32> {dit.name = "features"}, tensor<72x72xf32> {dit.name = "labels"}, tensor<72x12xf32> {dit.name = "weight_12"}, tensor<72x72xbf16> {dit.name = "weight_bf16"}, tensor<12x72xbf16> {dit.name = "weight_to_12_bf16"}, tensor<72x72xf32> {dit.name = "weight_f32"}, tensor<12x72xf32> {dit.name = "weight_to_12_f32"}, tensor<72x12xf32> {dit.name = "weight_h"}, tensor<72x12xf32> {dit.name = "weight_other"}, tensor<40x72xf32> {dit.name = "table"}, tensor<40x24xf32> {dit.name = "angles"}, tensor<72x72xf32> {dit.name = "made_add"}, tensor<72x72xbf16> {dit.name = "made_cast"}, tensor<144x72xf32> {dit.name = "made_concat"}, tensor<72x72xf32> {dit.name = "made_mul"}, tensor<72x72xf32> {dit.name = "made_reshape"}) {
    %w1 = dit.weight "w1" : tensor<72xf32>
    %w2 = dit.weight "w2" : tensor<72x72xf32>
    %w3 = dit.weight "w3" : tensor<72x12xf32>
    %w4 = dit.weight "w4" : tensor<72x72xf32>
    %n1 = dit.fused pack (%a0 = %w4) : (tensor<72x72xf32>) -> tensor<72x72xbf16> {
      %v0 = dit.cast %a0 : tensor<72x72xf32> -> tensor<72x72xbf16>
      dit.yield %v0 : tensor<72x72xbf16>
    }
    %w5 = dit.weight "w5" : tensor<12x72xf32>
    %n2 = dit.fused pack (%a0 = %w5) : (tensor<12x72xf32>) -> tensor<12x72xbf16> {
      %v0 = dit.cast %a0 : tensor<12x72xf32> -> tensor<12x72xbf16>
      dit.yield %v0 : tensor<12x72xbf16>
    }
    %w6 = dit.weight "w6" : tensor<72x72xf32>
    %w7 = dit.weight "w7" : tensor<12x72xf32>
    %w8 = dit.weight "w8" : tensor<72x12xf32>
    %w9 = dit.weight "w9" : tensor<72x12xf32>
    %n3 = dit.fused row () : () -> tensor<40x72xf32> {
      %v0 = dit.sincos_position grid 5 x 8 : tensor<40x72xf32>
      dit.yield %v0 : tensor<40x72xf32>
    }
    %n4 = dit.fused row () : () -> tensor<40x24xf32> {
      %v0 = dit.rotary_position grid 4 x 9 theta 1.0e+04 : tensor<40x24xf32>
      dit.yield %v0 : tensor<40x24xf32>
    }
    %w10 = dit.weight "w10" : tensor<72x72xf32>
    %w11 = dit.weight "w11" : tensor<72x72xf32>
    %n5 = dit.fused pack (%a0 = %w10, %a1 = %w11) : (tensor<72x72xf32>, tensor<72x72xf32>) -> tensor<72x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<72x72xf32>, tensor<72x72xf32>
      dit.yield %v0 : tensor<72x72xf32>
    }
    %w12 = dit.weight "w12" : tensor<72x72xf32>
    %n6 = dit.fused pack (%a0 = %w12) : (tensor<72x72xf32>) -> tensor<72x72xbf16> {
      %v0 = dit.cast %a0 : tensor<72x72xf32> -> tensor<72x72xbf16>
      dit.yield %v0 : tensor<72x72xbf16>
    }
    %w13 = dit.weight "w13" : tensor<72x72xf32>
    %w14 = dit.weight "w14" : tensor<72x72xf32>
    %n7 = dit.fused pack (%a0 = %w13, %a1 = %w14) : (tensor<72x72xf32>, tensor<72x72xf32>) -> tensor<144x72xf32> {
      %v0 = dit.concat %a0, %a1 dim 0 : tensor<72x72xf32>, tensor<72x72xf32> -> tensor<144x72xf32>
      dit.yield %v0 : tensor<144x72xf32>
    }
    %w15 = dit.weight "w15" : tensor<72x72xf32>
    %w16 = dit.weight "w16" : tensor<72x72xf32>
    %n8 = dit.fused pack (%a0 = %w15, %a1 = %w16) : (tensor<72x72xf32>, tensor<72x72xf32>) -> tensor<72x72xf32> {
      %v0 = dit.mul %a0, %a1 : tensor<72x72xf32>, tensor<72x72xf32>
      dit.yield %v0 : tensor<72x72xf32>
    }
    %w17 = dit.weight "w17" : tensor<72x8x9xf32>
    %n9 = dit.fused pack (%a0 = %w17) : (tensor<72x8x9xf32>) -> tensor<72x72xf32> {
      %v0 = dit.reshape %a0 : tensor<72x8x9xf32> -> tensor<72x72xf32>
      dit.yield %v0 : tensor<72x72xf32>
    }
    return %w1, %w2, %w3, %n1, %n2, %w6, %w7, %w8, %w9, %n3, %n4, %n5, %n6, %n7, %n8, %n9 : tensor<72xf32>, tensor<72x72xf32>, tensor<72x12xf32>, tensor<72x72xbf16>, tensor<12x72xbf16>, tensor<72x72xf32>, tensor<12x72xf32>, tensor<72x12xf32>, tensor<72x12xf32>, tensor<40x72xf32>, tensor<40x24xf32>, tensor<72x72xf32>, tensor<72x72xbf16>, tensor<144x72xf32>, tensor<72x72xf32>, tensor<72x72xf32>
  }
  func.func @condition(%t: tensor<?xf32> {dit.from = "input", dit.name = "t"}, %y: tensor<?xi32> {dit.from = "input", dit.name = "y"}, %features: tensor<72xf32> {dit.from = "prepare", dit.name = "features"}, %labels: tensor<72x72xf32> {dit.from = "prepare", dit.name = "labels"}, %weight_12: tensor<72x12xf32> {dit.from = "prepare", dit.name = "weight_12"}, %weight_bf16: tensor<72x72xbf16> {dit.from = "prepare", dit.name = "weight_bf16"}, %weight_to_12_bf16: tensor<12x72xbf16> {dit.from = "prepare", dit.name = "weight_to_12_bf16"}, %weight_f32: tensor<72x72xf32> {dit.from = "prepare", dit.name = "weight_f32"}, %weight_to_12_f32: tensor<12x72xf32> {dit.from = "prepare", dit.name = "weight_to_12_f32"}, %weight_h: tensor<72x12xf32> {dit.from = "prepare", dit.name = "weight_h"}, %weight_other: tensor<72x12xf32> {dit.from = "prepare", dit.name = "weight_other"}, %table: tensor<40x72xf32> {dit.from = "prepare", dit.name = "table"}, %angles: tensor<40x24xf32> {dit.from = "prepare", dit.name = "angles"}, %made_add: tensor<72x72xf32> {dit.from = "prepare", dit.name = "made_add"}, %made_cast: tensor<72x72xbf16> {dit.from = "prepare", dit.name = "made_cast"}, %made_concat: tensor<144x72xf32> {dit.from = "prepare", dit.name = "made_concat"}, %made_mul: tensor<72x72xf32> {dit.from = "prepare", dit.name = "made_mul"}, %made_reshape: tensor<72x72xf32> {dit.from = "prepare", dit.name = "made_reshape"}) -> (tensor<?x72xf32> {dit.name = "shift"}, tensor<?x72xf32> {dit.name = "scale"}, tensor<?x72xf32> {dit.name = "gate"}) {
    %n10 = dit.fused linear (%a0 = %y, %a1 = %labels, %a2 = %weight_f32) : (tensor<?xi32>, tensor<72x72xf32>, tensor<72x72xf32>) -> tensor<?x72xf32> {
      %v0 = dit.embedding %a0 table(%a1) : tensor<?xi32>, tensor<72x72xf32> -> tensor<?x72xf32>
      %v1 = dit.linear %v0 weight(%a2) : (tensor<?x72xf32>, tensor<72x72xf32>) -> tensor<?x72xf32>
      dit.yield %v1 : tensor<?x72xf32>
    }
    %n11 = dit.fused row (%a0 = %y, %a1 = %labels) : (tensor<?xi32>, tensor<72x72xf32>) -> tensor<?x72xf32> {
      %v0 = dit.embedding %a0 table(%a1) : tensor<?xi32>, tensor<72x72xf32> -> tensor<?x72xf32>
      dit.yield %v0 : tensor<?x72xf32>
    }
    %n12 = dit.fused row (%a0 = %t) : (tensor<?xf32>) -> tensor<?x72xf32> {
      %v0 = dit.timestep_embedding %a0 max_period 1.0e+03 shift 0 : tensor<?xf32> -> tensor<?x72xf32>
      dit.yield %v0 : tensor<?x72xf32>
    }
    return %n10, %n11, %n12 : tensor<?x72xf32>, tensor<?x72xf32>, tensor<?x72xf32>
  }
  func.func @denoise(%image: tensor<?x3x10x16xf32> {dit.from = "input", dit.name = "x"}, %shift: tensor<?x72xf32> {dit.from = "condition", dit.name = "shift"}, %scale: tensor<?x72xf32> {dit.from = "condition", dit.name = "scale"}, %gate: tensor<?x72xf32> {dit.from = "condition", dit.name = "gate"}, %features: tensor<72xf32> {dit.from = "prepare", dit.name = "features"}, %labels: tensor<72x72xf32> {dit.from = "prepare", dit.name = "labels"}, %weight_12: tensor<72x12xf32> {dit.from = "prepare", dit.name = "weight_12"}, %weight_bf16: tensor<72x72xbf16> {dit.from = "prepare", dit.name = "weight_bf16"}, %weight_to_12_bf16: tensor<12x72xbf16> {dit.from = "prepare", dit.name = "weight_to_12_bf16"}, %weight_f32: tensor<72x72xf32> {dit.from = "prepare", dit.name = "weight_f32"}, %weight_to_12_f32: tensor<12x72xf32> {dit.from = "prepare", dit.name = "weight_to_12_f32"}, %weight_h: tensor<72x12xf32> {dit.from = "prepare", dit.name = "weight_h"}, %weight_other: tensor<72x12xf32> {dit.from = "prepare", dit.name = "weight_other"}, %table: tensor<40x72xf32> {dit.from = "prepare", dit.name = "table"}, %angles: tensor<40x24xf32> {dit.from = "prepare", dit.name = "angles"}, %made_add: tensor<72x72xf32> {dit.from = "prepare", dit.name = "made_add"}, %made_cast: tensor<72x72xbf16> {dit.from = "prepare", dit.name = "made_cast"}, %made_concat: tensor<144x72xf32> {dit.from = "prepare", dit.name = "made_concat"}, %made_mul: tensor<72x72xf32> {dit.from = "prepare", dit.name = "made_mul"}, %made_reshape: tensor<72x72xf32> {dit.from = "prepare", dit.name = "made_reshape"}) -> (tensor<?x3x10x16xf32> {dit.name = "out"}) {
    %n13 = dit.fused linear (%a0 = %image, %a1 = %weight_h) : (tensor<?x3x10x16xf32>, tensor<72x12xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.patchify %a0 patch 2 : tensor<?x3x10x16xf32> -> tensor<?x40x12xf32>
      %v1 = dit.linear %v0 weight(%a1) : (tensor<?x40x12xf32>, tensor<72x12xf32>) -> tensor<?x40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n14 = dit.fused linear (%a0 = %image, %a1 = %weight_other) : (tensor<?x3x10x16xf32>, tensor<72x12xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.patchify %a0 patch 2 : tensor<?x3x10x16xf32> -> tensor<?x40x12xf32>
      %v1 = dit.linear %v0 weight(%a1) : (tensor<?x40x12xf32>, tensor<72x12xf32>) -> tensor<?x40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n15 = dit.fused patch (%a0 = %image) : (tensor<?x3x10x16xf32>) -> tensor<?x40x12xf32> {
      %v0 = dit.patchify %a0 patch 2 : tensor<?x3x10x16xf32> -> tensor<?x40x12xf32>
      dit.yield %v0 : tensor<?x40x12xf32>
    }
    %n16 = dit.fused row (%a0 = %n13) : (tensor<?x40x72xf32>) -> tensor<?x40x72xbf16> {
      %v0 = dit.cast %a0 : tensor<?x40x72xf32> -> tensor<?x40x72xbf16>
      dit.yield %v0 : tensor<?x40x72xbf16>
    }
    %n17 = dit.fused row (%a0 = %n13) : (tensor<?x40x72xf32>) -> tensor<?x40x72xbf16> {
      %v0 = dit.cast %a0 : tensor<?x40x72xf32> -> tensor<?x40x72xbf16>
      dit.yield %v0 : tensor<?x40x72xbf16>
    }
    %n18 = dit.fused row (%a0 = %n14) : (tensor<?x40x72xf32>) -> tensor<?x40x72xbf16> {
      %v0 = dit.cast %a0 : tensor<?x40x72xf32> -> tensor<?x40x72xbf16>
      dit.yield %v0 : tensor<?x40x72xbf16>
    }
    %n19 = dit.fused row (%a0 = %n14) : (tensor<?x40x72xf32>) -> tensor<?x40x72xbf16> {
      %v0 = dit.cast %a0 : tensor<?x40x72xf32> -> tensor<?x40x72xbf16>
      dit.yield %v0 : tensor<?x40x72xbf16>
    }
    %n20 = dit.fused attention (%a0 = %n17, %a1 = %n18, %a2 = %n19) : (tensor<?x40x72xbf16>, tensor<?x40x72xbf16>, tensor<?x40x72xbf16>) -> tensor<?x40x72xbf16> {
      %v0 = dit.attention %a0, %a1, %a2 heads 1 : tensor<?x40x72xbf16>, tensor<?x40x72xbf16> -> tensor<?x40x72xf32>
      %v1 = dit.cast %v0 : tensor<?x40x72xf32> -> tensor<?x40x72xbf16>
      dit.yield %v1 : tensor<?x40x72xbf16>
    }
    %n21 = dit.fused row (%a0 = %n20, %a1 = %n13) : (tensor<?x40x72xbf16>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.cast %a0 : tensor<?x40x72xbf16> -> tensor<?x40x72xf32>
      %v1 = dit.add %v0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n22 = dit.fused attention (%a0 = %n17, %a1 = %n18, %a2 = %n19) : (tensor<?x40x72xbf16>, tensor<?x40x72xbf16>, tensor<?x40x72xbf16>) -> tensor<?x40x72xf32> {
      %v0 = dit.attention %a0, %a1, %a2 heads 1 : tensor<?x40x72xbf16>, tensor<?x40x72xbf16> -> tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n23 = dit.fused row (%a0 = %n22, %a1 = %n21) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n24 = dit.fused linear (%a0 = %n16, %a1 = %weight_bf16, %a2 = %n14) : (tensor<?x40x72xbf16>, tensor<72x72xbf16>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.linear %a0 weight(%a1) : (tensor<?x40x72xbf16>, tensor<72x72xbf16>) -> tensor<?x40x72xf32>
      %v1 = dit.add %v0, %a2 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n25 = dit.fused row (%a0 = %n24, %a1 = %n23) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n26 = dit.fused linear (%a0 = %n16, %a1 = %weight_bf16) : (tensor<?x40x72xbf16>, tensor<72x72xbf16>) -> tensor<?x40x72xbf16> {
      %v0 = dit.linear %a0 weight(%a1) : (tensor<?x40x72xbf16>, tensor<72x72xbf16>) -> tensor<?x40x72xf32>
      %v1 = dit.cast %v0 : tensor<?x40x72xf32> -> tensor<?x40x72xbf16>
      dit.yield %v1 : tensor<?x40x72xbf16>
    }
    %n27 = dit.fused row (%a0 = %n26, %a1 = %n25) : (tensor<?x40x72xbf16>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.cast %a0 : tensor<?x40x72xbf16> -> tensor<?x40x72xf32>
      %v1 = dit.add %v0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n28 = dit.fused linear (%a0 = %n16, %a1 = %weight_bf16, %a2 = %gate) : (tensor<?x40x72xbf16>, tensor<72x72xbf16>, tensor<?x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.linear %a0 weight(%a1) : (tensor<?x40x72xbf16>, tensor<72x72xbf16>) -> tensor<?x40x72xf32>
      %v1 = dit.gate %v0 gate(%a2) : tensor<?x40x72xf32>, tensor<?x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n29 = dit.fused row (%a0 = %n28, %a1 = %n27) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n30 = dit.fused linear (%a0 = %n16, %a1 = %weight_bf16) : (tensor<?x40x72xbf16>, tensor<72x72xbf16>) -> tensor<?x40x72xf32> {
      %v0 = dit.linear %a0 weight(%a1) : (tensor<?x40x72xbf16>, tensor<72x72xbf16>) -> tensor<?x40x72xf32>
      %v1 = dit.gelu tanh %v0 : tensor<?x40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n31 = dit.fused row (%a0 = %n30, %a1 = %n29) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n32 = dit.fused linear (%a0 = %n16, %a1 = %weight_bf16, %a2 = %table) : (tensor<?x40x72xbf16>, tensor<72x72xbf16>, tensor<40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.linear %a0 weight(%a1) : (tensor<?x40x72xbf16>, tensor<72x72xbf16>) -> tensor<?x40x72xf32>
      %v1 = dit.mul %v0, %a2 : tensor<?x40x72xf32>, tensor<40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n33 = dit.fused row (%a0 = %n32, %a1 = %n31) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n34 = dit.fused linear (%a0 = %n16, %a1 = %weight_bf16, %a2 = %angles) : (tensor<?x40x72xbf16>, tensor<72x72xbf16>, tensor<40x24xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.linear %a0 weight(%a1) : (tensor<?x40x72xbf16>, tensor<72x72xbf16>) -> tensor<?x40x72xf32>
      %v1 = dit.rotate %v0 by(%a2) features 48 : tensor<?x40x72xf32>, tensor<40x24xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n35 = dit.fused row (%a0 = %n34, %a1 = %n33) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n36 = dit.fused linear (%a0 = %n16, %a1 = %weight_bf16) : (tensor<?x40x72xbf16>, tensor<72x72xbf16>) -> tensor<?x40x72xf32> {
      %v0 = dit.linear %a0 weight(%a1) : (tensor<?x40x72xbf16>, tensor<72x72xbf16>) -> tensor<?x40x72xf32>
      %v1 = dit.silu %v0 : tensor<?x40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n37 = dit.fused row (%a0 = %n36, %a1 = %n35) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n38 = dit.fused linear (%a0 = %n16, %a1 = %weight_to_12_bf16) : (tensor<?x40x72xbf16>, tensor<12x72xbf16>) -> tensor<?x3x10x16xf32> {
      %v0 = dit.linear %a0 weight(%a1) : (tensor<?x40x72xbf16>, tensor<12x72xbf16>) -> tensor<?x40x12xf32>
      %v1 = dit.unpatchify %v0 patch 2 : tensor<?x40x12xf32> -> tensor<?x3x10x16xf32>
      dit.yield %v1 : tensor<?x3x10x16xf32>
    }
    %n39 = dit.fused linear (%a0 = %n38, %a1 = %weight_12) : (tensor<?x3x10x16xf32>, tensor<72x12xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.patchify %a0 patch 2 : tensor<?x3x10x16xf32> -> tensor<?x40x12xf32>
      %v1 = dit.linear %v0 weight(%a1) : (tensor<?x40x12xf32>, tensor<72x12xf32>) -> tensor<?x40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n40 = dit.fused row (%a0 = %n39, %a1 = %n37) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n41 = dit.fused linear (%a0 = %n16, %a1 = %weight_bf16, %a2 = %n14) : (tensor<?x40x72xbf16>, tensor<72x72xbf16>, tensor<?x40x72xf32>) -> tensor<?x40x72xbf16> {
      %v0 = dit.linear %a0 weight(%a1) : (tensor<?x40x72xbf16>, tensor<72x72xbf16>) -> tensor<?x40x72xf32>
      %v1 = dit.add %v0, %a2 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      %v2 = dit.cast %v1 : tensor<?x40x72xf32> -> tensor<?x40x72xbf16>
      dit.yield %v2 : tensor<?x40x72xbf16>
    }
    %n42 = dit.fused row (%a0 = %n41, %a1 = %n40) : (tensor<?x40x72xbf16>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.cast %a0 : tensor<?x40x72xbf16> -> tensor<?x40x72xf32>
      %v1 = dit.add %v0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n43 = dit.fused linear (%a0 = %n16, %a1 = %weight_bf16, %a2 = %gate) : (tensor<?x40x72xbf16>, tensor<72x72xbf16>, tensor<?x72xf32>) -> tensor<?x40x72xbf16> {
      %v0 = dit.linear %a0 weight(%a1) : (tensor<?x40x72xbf16>, tensor<72x72xbf16>) -> tensor<?x40x72xf32>
      %v1 = dit.gate %v0 gate(%a2) : tensor<?x40x72xf32>, tensor<?x72xf32>
      %v2 = dit.cast %v1 : tensor<?x40x72xf32> -> tensor<?x40x72xbf16>
      dit.yield %v2 : tensor<?x40x72xbf16>
    }
    %n44 = dit.fused row (%a0 = %n43, %a1 = %n42) : (tensor<?x40x72xbf16>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.cast %a0 : tensor<?x40x72xbf16> -> tensor<?x40x72xf32>
      %v1 = dit.add %v0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n45 = dit.fused linear (%a0 = %n16, %a1 = %weight_bf16) : (tensor<?x40x72xbf16>, tensor<72x72xbf16>) -> tensor<?x40x72xbf16> {
      %v0 = dit.linear %a0 weight(%a1) : (tensor<?x40x72xbf16>, tensor<72x72xbf16>) -> tensor<?x40x72xf32>
      %v1 = dit.gelu tanh %v0 : tensor<?x40x72xf32>
      %v2 = dit.cast %v1 : tensor<?x40x72xf32> -> tensor<?x40x72xbf16>
      dit.yield %v2 : tensor<?x40x72xbf16>
    }
    %n46 = dit.fused row (%a0 = %n45, %a1 = %n44) : (tensor<?x40x72xbf16>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.cast %a0 : tensor<?x40x72xbf16> -> tensor<?x40x72xf32>
      %v1 = dit.add %v0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n47 = dit.fused linear (%a0 = %n16, %a1 = %weight_bf16, %a2 = %table) : (tensor<?x40x72xbf16>, tensor<72x72xbf16>, tensor<40x72xf32>) -> tensor<?x40x72xbf16> {
      %v0 = dit.linear %a0 weight(%a1) : (tensor<?x40x72xbf16>, tensor<72x72xbf16>) -> tensor<?x40x72xf32>
      %v1 = dit.mul %v0, %a2 : tensor<?x40x72xf32>, tensor<40x72xf32>
      %v2 = dit.cast %v1 : tensor<?x40x72xf32> -> tensor<?x40x72xbf16>
      dit.yield %v2 : tensor<?x40x72xbf16>
    }
    %n48 = dit.fused row (%a0 = %n47, %a1 = %n46) : (tensor<?x40x72xbf16>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.cast %a0 : tensor<?x40x72xbf16> -> tensor<?x40x72xf32>
      %v1 = dit.add %v0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n49 = dit.fused linear (%a0 = %n16, %a1 = %weight_bf16, %a2 = %angles) : (tensor<?x40x72xbf16>, tensor<72x72xbf16>, tensor<40x24xf32>) -> tensor<?x40x72xbf16> {
      %v0 = dit.linear %a0 weight(%a1) : (tensor<?x40x72xbf16>, tensor<72x72xbf16>) -> tensor<?x40x72xf32>
      %v1 = dit.rotate %v0 by(%a2) features 48 : tensor<?x40x72xf32>, tensor<40x24xf32>
      %v2 = dit.cast %v1 : tensor<?x40x72xf32> -> tensor<?x40x72xbf16>
      dit.yield %v2 : tensor<?x40x72xbf16>
    }
    %n50 = dit.fused row (%a0 = %n49, %a1 = %n48) : (tensor<?x40x72xbf16>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.cast %a0 : tensor<?x40x72xbf16> -> tensor<?x40x72xf32>
      %v1 = dit.add %v0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n51 = dit.fused linear (%a0 = %n16, %a1 = %weight_bf16) : (tensor<?x40x72xbf16>, tensor<72x72xbf16>) -> tensor<?x40x72xbf16> {
      %v0 = dit.linear %a0 weight(%a1) : (tensor<?x40x72xbf16>, tensor<72x72xbf16>) -> tensor<?x40x72xf32>
      %v1 = dit.silu %v0 : tensor<?x40x72xf32>
      %v2 = dit.cast %v1 : tensor<?x40x72xf32> -> tensor<?x40x72xbf16>
      dit.yield %v2 : tensor<?x40x72xbf16>
    }
    %n52 = dit.fused row (%a0 = %n51, %a1 = %n50) : (tensor<?x40x72xbf16>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.cast %a0 : tensor<?x40x72xbf16> -> tensor<?x40x72xf32>
      %v1 = dit.add %v0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n53 = dit.fused linear (%a0 = %n16, %a1 = %weight_bf16) : (tensor<?x40x72xbf16>, tensor<72x72xbf16>) -> tensor<?x40x72xf32> {
      %v0 = dit.linear %a0 weight(%a1) : (tensor<?x40x72xbf16>, tensor<72x72xbf16>) -> tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n54 = dit.fused row (%a0 = %n53, %a1 = %n52) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n55 = dit.fused linear (%a0 = %n13, %a1 = %n14, %a2 = %weight_bf16) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>, tensor<72x72xbf16>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      %v1 = dit.cast %v0 : tensor<?x40x72xf32> -> tensor<?x40x72xbf16>
      %v2 = dit.linear %v1 weight(%a2) : (tensor<?x40x72xbf16>, tensor<72x72xbf16>) -> tensor<?x40x72xf32>
      dit.yield %v2 : tensor<?x40x72xf32>
    }
    %n56 = dit.fused row (%a0 = %n55, %a1 = %n54) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n57 = dit.fused linear (%a0 = %n13, %a1 = %weight_bf16) : (tensor<?x40x72xf32>, tensor<72x72xbf16>) -> tensor<?x40x72xf32> {
      %v0 = dit.cast %a0 : tensor<?x40x72xf32> -> tensor<?x40x72xbf16>
      %v1 = dit.linear %v0 weight(%a1) : (tensor<?x40x72xbf16>, tensor<72x72xbf16>) -> tensor<?x40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n58 = dit.fused row (%a0 = %n57, %a1 = %n56) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n59 = dit.fused linear (%a0 = %n13, %a1 = %gate, %a2 = %weight_bf16) : (tensor<?x40x72xf32>, tensor<?x72xf32>, tensor<72x72xbf16>) -> tensor<?x40x72xf32> {
      %v0 = dit.gate %a0 gate(%a1) : tensor<?x40x72xf32>, tensor<?x72xf32>
      %v1 = dit.cast %v0 : tensor<?x40x72xf32> -> tensor<?x40x72xbf16>
      %v2 = dit.linear %v1 weight(%a2) : (tensor<?x40x72xbf16>, tensor<72x72xbf16>) -> tensor<?x40x72xf32>
      dit.yield %v2 : tensor<?x40x72xf32>
    }
    %n60 = dit.fused row (%a0 = %n59, %a1 = %n58) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n61 = dit.fused linear (%a0 = %n13, %a1 = %weight_bf16) : (tensor<?x40x72xf32>, tensor<72x72xbf16>) -> tensor<?x40x72xf32> {
      %v0 = dit.gelu tanh %a0 : tensor<?x40x72xf32>
      %v1 = dit.cast %v0 : tensor<?x40x72xf32> -> tensor<?x40x72xbf16>
      %v2 = dit.linear %v1 weight(%a1) : (tensor<?x40x72xbf16>, tensor<72x72xbf16>) -> tensor<?x40x72xf32>
      dit.yield %v2 : tensor<?x40x72xf32>
    }
    %n62 = dit.fused row (%a0 = %n61, %a1 = %n60) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n63 = dit.fused linear (%a0 = %n13, %a1 = %weight_bf16) : (tensor<?x40x72xf32>, tensor<72x72xbf16>) -> tensor<?x40x72xf32> {
      %v0 = dit.layer_norm %a0 eps 1.0e-06 : tensor<?x40x72xf32>
      %v1 = dit.cast %v0 : tensor<?x40x72xf32> -> tensor<?x40x72xbf16>
      %v2 = dit.linear %v1 weight(%a1) : (tensor<?x40x72xbf16>, tensor<72x72xbf16>) -> tensor<?x40x72xf32>
      dit.yield %v2 : tensor<?x40x72xf32>
    }
    %n64 = dit.fused row (%a0 = %n63, %a1 = %n62) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n65 = dit.fused linear (%a0 = %n13, %a1 = %shift, %a2 = %scale, %a3 = %weight_bf16) : (tensor<?x40x72xf32>, tensor<?x72xf32>, tensor<?x72xf32>, tensor<72x72xbf16>) -> tensor<?x40x72xf32> {
      %v0 = dit.modulate %a0 shift(%a1) scale(%a2) : tensor<?x40x72xf32>, tensor<?x72xf32>
      %v1 = dit.cast %v0 : tensor<?x40x72xf32> -> tensor<?x40x72xbf16>
      %v2 = dit.linear %v1 weight(%a3) : (tensor<?x40x72xbf16>, tensor<72x72xbf16>) -> tensor<?x40x72xf32>
      dit.yield %v2 : tensor<?x40x72xf32>
    }
    %n66 = dit.fused row (%a0 = %n65, %a1 = %n64) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n67 = dit.fused linear (%a0 = %n13, %a1 = %table, %a2 = %weight_bf16) : (tensor<?x40x72xf32>, tensor<40x72xf32>, tensor<72x72xbf16>) -> tensor<?x40x72xf32> {
      %v0 = dit.mul %a0, %a1 : tensor<?x40x72xf32>, tensor<40x72xf32>
      %v1 = dit.cast %v0 : tensor<?x40x72xf32> -> tensor<?x40x72xbf16>
      %v2 = dit.linear %v1 weight(%a2) : (tensor<?x40x72xbf16>, tensor<72x72xbf16>) -> tensor<?x40x72xf32>
      dit.yield %v2 : tensor<?x40x72xf32>
    }
    %n68 = dit.fused row (%a0 = %n67, %a1 = %n66) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n69 = dit.fused linear (%a0 = %image, %a1 = %weight_12) : (tensor<?x3x10x16xf32>, tensor<72x12xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.patchify %a0 patch 2 : tensor<?x3x10x16xf32> -> tensor<?x40x12xf32>
      %v1 = dit.linear %v0 weight(%a1) : (tensor<?x40x12xf32>, tensor<72x12xf32>) -> tensor<?x40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n70 = dit.fused row (%a0 = %n69, %a1 = %n68) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n71 = dit.fused linear (%a0 = %n13, %a1 = %features, %a2 = %weight_bf16) : (tensor<?x40x72xf32>, tensor<72xf32>, tensor<72x72xbf16>) -> tensor<?x40x72xf32> {
      %v0 = dit.rms_norm %a0 weight(%a1 : tensor<72xf32>) eps 1.0e-06 : tensor<?x40x72xf32>
      %v1 = dit.cast %v0 : tensor<?x40x72xf32> -> tensor<?x40x72xbf16>
      %v2 = dit.linear %v1 weight(%a2) : (tensor<?x40x72xbf16>, tensor<72x72xbf16>) -> tensor<?x40x72xf32>
      dit.yield %v2 : tensor<?x40x72xf32>
    }
    %n72 = dit.fused row (%a0 = %n71, %a1 = %n70) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n73 = dit.fused linear (%a0 = %n13, %a1 = %angles, %a2 = %weight_bf16) : (tensor<?x40x72xf32>, tensor<40x24xf32>, tensor<72x72xbf16>) -> tensor<?x40x72xf32> {
      %v0 = dit.rotate %a0 by(%a1) features 48 : tensor<?x40x72xf32>, tensor<40x24xf32>
      %v1 = dit.cast %v0 : tensor<?x40x72xf32> -> tensor<?x40x72xbf16>
      %v2 = dit.linear %v1 weight(%a2) : (tensor<?x40x72xbf16>, tensor<72x72xbf16>) -> tensor<?x40x72xf32>
      dit.yield %v2 : tensor<?x40x72xf32>
    }
    %n74 = dit.fused row (%a0 = %n73, %a1 = %n72) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n75 = dit.fused linear (%a0 = %n13, %a1 = %weight_bf16) : (tensor<?x40x72xf32>, tensor<72x72xbf16>) -> tensor<?x40x72xf32> {
      %v0 = dit.silu %a0 : tensor<?x40x72xf32>
      %v1 = dit.cast %v0 : tensor<?x40x72xf32> -> tensor<?x40x72xbf16>
      %v2 = dit.linear %v1 weight(%a1) : (tensor<?x40x72xbf16>, tensor<72x72xbf16>) -> tensor<?x40x72xf32>
      dit.yield %v2 : tensor<?x40x72xf32>
    }
    %n76 = dit.fused row (%a0 = %n75, %a1 = %n74) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n77 = dit.fused patch (%a0 = %n13, %a1 = %n14) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x80x72xf32> {
      %v0 = dit.concat %a0, %a1 dim 1 : tensor<?x40x72xf32>, tensor<?x40x72xf32> -> tensor<?x80x72xf32>
      dit.yield %v0 : tensor<?x80x72xf32>
    }
    %n78 = dit.slice %n77 dim 1 offset 20 : tensor<?x80x72xf32> -> tensor<?x40x72xf32>
    %n79 = dit.fused row (%a0 = %n78, %a1 = %n76) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n80 = dit.fused patch (%a0 = %image) : (tensor<?x3x10x16xf32>) -> tensor<?x40x12xf32> {
      %v0 = dit.patchify %a0 patch 2 : tensor<?x3x10x16xf32> -> tensor<?x40x12xf32>
      dit.yield %v0 : tensor<?x40x12xf32>
    }
    %n81 = dit.fused linear (%a0 = %n80, %a1 = %weight_12) : (tensor<?x40x12xf32>, tensor<72x12xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.linear %a0 weight(%a1) : (tensor<?x40x12xf32>, tensor<72x12xf32>) -> tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n82 = dit.fused row (%a0 = %n81, %a1 = %n79) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n83 = dit.fused patch (%a0 = %n15) : (tensor<?x40x12xf32>) -> tensor<?x3x10x16xf32> {
      %v0 = dit.unpatchify %a0 patch 2 : tensor<?x40x12xf32> -> tensor<?x3x10x16xf32>
      dit.yield %v0 : tensor<?x3x10x16xf32>
    }
    %n84 = dit.fused linear (%a0 = %n83, %a1 = %weight_12) : (tensor<?x3x10x16xf32>, tensor<72x12xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.patchify %a0 patch 2 : tensor<?x3x10x16xf32> -> tensor<?x40x12xf32>
      %v1 = dit.linear %v0 weight(%a1) : (tensor<?x40x12xf32>, tensor<72x12xf32>) -> tensor<?x40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n85 = dit.fused row (%a0 = %n84, %a1 = %n82) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n86 = dit.fused row (%a0 = %n13, %a1 = %n14) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n87 = dit.fused row (%a0 = %n86, %a1 = %n85) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n88 = dit.fused row (%a0 = %n13) : (tensor<?x40x72xf32>) -> tensor<?x40x72xbf16> {
      %v0 = dit.cast %a0 : tensor<?x40x72xf32> -> tensor<?x40x72xbf16>
      dit.yield %v0 : tensor<?x40x72xbf16>
    }
    %n89 = dit.fused row (%a0 = %n88, %a1 = %n87) : (tensor<?x40x72xbf16>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.cast %a0 : tensor<?x40x72xbf16> -> tensor<?x40x72xf32>
      %v1 = dit.add %v0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n90 = dit.fused row (%a0 = %n13, %a1 = %gate) : (tensor<?x40x72xf32>, tensor<?x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.gate %a0 gate(%a1) : tensor<?x40x72xf32>, tensor<?x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n91 = dit.fused row (%a0 = %n90, %a1 = %n89) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n92 = dit.fused row (%a0 = %n13) : (tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.gelu tanh %a0 : tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n93 = dit.fused row (%a0 = %n92, %a1 = %n91) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n94 = dit.fused row (%a0 = %n13) : (tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.layer_norm %a0 eps 1.0e-06 : tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n95 = dit.fused row (%a0 = %n94, %a1 = %n93) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n96 = dit.fused row (%a0 = %n13, %a1 = %shift, %a2 = %scale) : (tensor<?x40x72xf32>, tensor<?x72xf32>, tensor<?x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.modulate %a0 shift(%a1) scale(%a2) : tensor<?x40x72xf32>, tensor<?x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n97 = dit.fused row (%a0 = %n96, %a1 = %n95) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n98 = dit.fused row (%a0 = %n13, %a1 = %table) : (tensor<?x40x72xf32>, tensor<40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.mul %a0, %a1 : tensor<?x40x72xf32>, tensor<40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n99 = dit.fused row (%a0 = %n98, %a1 = %n97) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n100 = dit.fused row (%a0 = %n13, %a1 = %features) : (tensor<?x40x72xf32>, tensor<72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.rms_norm %a0 weight(%a1 : tensor<72xf32>) eps 1.0e-06 : tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n101 = dit.fused row (%a0 = %n100, %a1 = %n99) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n102 = dit.fused row (%a0 = %n13, %a1 = %angles) : (tensor<?x40x72xf32>, tensor<40x24xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.rotate %a0 by(%a1) features 48 : tensor<?x40x72xf32>, tensor<40x24xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n103 = dit.fused row (%a0 = %n102, %a1 = %n101) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n104 = dit.fused row (%a0 = %n13) : (tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.silu %a0 : tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n105 = dit.fused row (%a0 = %n104, %a1 = %n103) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n106 = dit.fused row (%a0 = %n13, %a1 = %n14) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xbf16> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      %v1 = dit.cast %v0 : tensor<?x40x72xf32> -> tensor<?x40x72xbf16>
      dit.yield %v1 : tensor<?x40x72xbf16>
    }
    %n107 = dit.fused row (%a0 = %n106, %a1 = %n105) : (tensor<?x40x72xbf16>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.cast %a0 : tensor<?x40x72xbf16> -> tensor<?x40x72xf32>
      %v1 = dit.add %v0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n108 = dit.fused row (%a0 = %n13, %a1 = %gate) : (tensor<?x40x72xf32>, tensor<?x72xf32>) -> tensor<?x40x72xbf16> {
      %v0 = dit.gate %a0 gate(%a1) : tensor<?x40x72xf32>, tensor<?x72xf32>
      %v1 = dit.cast %v0 : tensor<?x40x72xf32> -> tensor<?x40x72xbf16>
      dit.yield %v1 : tensor<?x40x72xbf16>
    }
    %n109 = dit.fused row (%a0 = %n108, %a1 = %n107) : (tensor<?x40x72xbf16>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.cast %a0 : tensor<?x40x72xbf16> -> tensor<?x40x72xf32>
      %v1 = dit.add %v0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n110 = dit.fused row (%a0 = %n13) : (tensor<?x40x72xf32>) -> tensor<?x40x72xbf16> {
      %v0 = dit.gelu tanh %a0 : tensor<?x40x72xf32>
      %v1 = dit.cast %v0 : tensor<?x40x72xf32> -> tensor<?x40x72xbf16>
      dit.yield %v1 : tensor<?x40x72xbf16>
    }
    %n111 = dit.fused row (%a0 = %n110, %a1 = %n109) : (tensor<?x40x72xbf16>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.cast %a0 : tensor<?x40x72xbf16> -> tensor<?x40x72xf32>
      %v1 = dit.add %v0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n112 = dit.fused row (%a0 = %n13) : (tensor<?x40x72xf32>) -> tensor<?x40x72xbf16> {
      %v0 = dit.layer_norm %a0 eps 1.0e-06 : tensor<?x40x72xf32>
      %v1 = dit.cast %v0 : tensor<?x40x72xf32> -> tensor<?x40x72xbf16>
      dit.yield %v1 : tensor<?x40x72xbf16>
    }
    %n113 = dit.fused row (%a0 = %n112, %a1 = %n111) : (tensor<?x40x72xbf16>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.cast %a0 : tensor<?x40x72xbf16> -> tensor<?x40x72xf32>
      %v1 = dit.add %v0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n114 = dit.fused row (%a0 = %n13, %a1 = %shift, %a2 = %scale) : (tensor<?x40x72xf32>, tensor<?x72xf32>, tensor<?x72xf32>) -> tensor<?x40x72xbf16> {
      %v0 = dit.modulate %a0 shift(%a1) scale(%a2) : tensor<?x40x72xf32>, tensor<?x72xf32>
      %v1 = dit.cast %v0 : tensor<?x40x72xf32> -> tensor<?x40x72xbf16>
      dit.yield %v1 : tensor<?x40x72xbf16>
    }
    %n115 = dit.fused row (%a0 = %n114, %a1 = %n113) : (tensor<?x40x72xbf16>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.cast %a0 : tensor<?x40x72xbf16> -> tensor<?x40x72xf32>
      %v1 = dit.add %v0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n116 = dit.fused row (%a0 = %n13, %a1 = %table) : (tensor<?x40x72xf32>, tensor<40x72xf32>) -> tensor<?x40x72xbf16> {
      %v0 = dit.mul %a0, %a1 : tensor<?x40x72xf32>, tensor<40x72xf32>
      %v1 = dit.cast %v0 : tensor<?x40x72xf32> -> tensor<?x40x72xbf16>
      dit.yield %v1 : tensor<?x40x72xbf16>
    }
    %n117 = dit.fused row (%a0 = %n116, %a1 = %n115) : (tensor<?x40x72xbf16>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.cast %a0 : tensor<?x40x72xbf16> -> tensor<?x40x72xf32>
      %v1 = dit.add %v0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n118 = dit.fused row (%a0 = %n13, %a1 = %features) : (tensor<?x40x72xf32>, tensor<72xf32>) -> tensor<?x40x72xbf16> {
      %v0 = dit.rms_norm %a0 weight(%a1 : tensor<72xf32>) eps 1.0e-06 : tensor<?x40x72xf32>
      %v1 = dit.cast %v0 : tensor<?x40x72xf32> -> tensor<?x40x72xbf16>
      dit.yield %v1 : tensor<?x40x72xbf16>
    }
    %n119 = dit.fused row (%a0 = %n118, %a1 = %n117) : (tensor<?x40x72xbf16>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.cast %a0 : tensor<?x40x72xbf16> -> tensor<?x40x72xf32>
      %v1 = dit.add %v0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n120 = dit.fused row (%a0 = %n13, %a1 = %angles) : (tensor<?x40x72xf32>, tensor<40x24xf32>) -> tensor<?x40x72xbf16> {
      %v0 = dit.rotate %a0 by(%a1) features 48 : tensor<?x40x72xf32>, tensor<40x24xf32>
      %v1 = dit.cast %v0 : tensor<?x40x72xf32> -> tensor<?x40x72xbf16>
      dit.yield %v1 : tensor<?x40x72xbf16>
    }
    %n121 = dit.fused row (%a0 = %n120, %a1 = %n119) : (tensor<?x40x72xbf16>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.cast %a0 : tensor<?x40x72xbf16> -> tensor<?x40x72xf32>
      %v1 = dit.add %v0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n122 = dit.fused row (%a0 = %n13) : (tensor<?x40x72xf32>) -> tensor<?x40x72xbf16> {
      %v0 = dit.silu %a0 : tensor<?x40x72xf32>
      %v1 = dit.cast %v0 : tensor<?x40x72xf32> -> tensor<?x40x72xbf16>
      dit.yield %v1 : tensor<?x40x72xbf16>
    }
    %n123 = dit.fused row (%a0 = %n122, %a1 = %n121) : (tensor<?x40x72xbf16>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.cast %a0 : tensor<?x40x72xbf16> -> tensor<?x40x72xf32>
      %v1 = dit.add %v0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n124 = dit.fused linear (%a0 = %n13, %a1 = %made_add) : (tensor<?x40x72xf32>, tensor<72x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.linear %a0 weight(%a1) : (tensor<?x40x72xf32>, tensor<72x72xf32>) -> tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n125 = dit.fused row (%a0 = %n124, %a1 = %n123) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n126 = dit.fused linear (%a0 = %n13, %a1 = %made_cast) : (tensor<?x40x72xf32>, tensor<72x72xbf16>) -> tensor<?x40x72xf32> {
      %v0 = dit.cast %a0 : tensor<?x40x72xf32> -> tensor<?x40x72xbf16>
      %v1 = dit.linear %v0 weight(%a1) : (tensor<?x40x72xbf16>, tensor<72x72xbf16>) -> tensor<?x40x72xf32>
      dit.yield %v1 : tensor<?x40x72xf32>
    }
    %n127 = dit.fused row (%a0 = %n126, %a1 = %n125) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n128 = dit.fused linear (%a0 = %n13, %a1 = %made_concat) : (tensor<?x40x72xf32>, tensor<144x72xf32>) -> tensor<?x40x144xf32> {
      %v0 = dit.linear %a0 weight(%a1) : (tensor<?x40x72xf32>, tensor<144x72xf32>) -> tensor<?x40x144xf32>
      dit.yield %v0 : tensor<?x40x144xf32>
    }
    %n129 = dit.slice %n128 dim 2 offset 36 : tensor<?x40x144xf32> -> tensor<?x40x72xf32>
    %n130 = dit.fused row (%a0 = %n129, %a1 = %n127) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n131 = dit.fused linear (%a0 = %n13, %a1 = %made_mul) : (tensor<?x40x72xf32>, tensor<72x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.linear %a0 weight(%a1) : (tensor<?x40x72xf32>, tensor<72x72xf32>) -> tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n132 = dit.fused row (%a0 = %n131, %a1 = %n130) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n133 = dit.fused linear (%a0 = %n13, %a1 = %made_reshape) : (tensor<?x40x72xf32>, tensor<72x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.linear %a0 weight(%a1) : (tensor<?x40x72xf32>, tensor<72x72xf32>) -> tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n134 = dit.fused row (%a0 = %n133, %a1 = %n132) : (tensor<?x40x72xf32>, tensor<?x40x72xf32>) -> tensor<?x40x72xf32> {
      %v0 = dit.add %a0, %a1 : tensor<?x40x72xf32>, tensor<?x40x72xf32>
      dit.yield %v0 : tensor<?x40x72xf32>
    }
    %n135 = dit.fused linear (%a0 = %n134, %a1 = %weight_to_12_f32) : (tensor<?x40x72xf32>, tensor<12x72xf32>) -> tensor<?x3x10x16xf32> {
      %v0 = dit.linear %a0 weight(%a1) : (tensor<?x40x72xf32>, tensor<12x72xf32>) -> tensor<?x40x12xf32>
      %v1 = dit.unpatchify %v0 patch 2 : tensor<?x40x12xf32> -> tensor<?x3x10x16xf32>
      dit.yield %v1 : tensor<?x3x10x16xf32>
    }
    return %n135 : tensor<?x3x10x16xf32>
  }
}
