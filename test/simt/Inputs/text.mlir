// A DiT of one block whose attention reads keys and values of a text, which @prompt makes.
module attributes {dit.name = "tiny", dit.phase = "dit", dit.spec = "name: tiny\0Adepth: 1\0Awidth: 32\0Aheads: 4\0Apatch_size: 2\0Aclasses: 10\0Alatent: {channels: 4, height: 8, width: 8}\0A"} {
  func.func @denoise(%arg0: tensor<?x4x8x8xf32> {dit.from = "input", dit.name = "x"}, %arg1: tensor<?xf32> {dit.every = "condition", dit.from = "input", dit.name = "t"}, %arg2: tensor<?xi32> {dit.every = "condition", dit.from = "input", dit.name = "y"}, %txt: tensor<?x5x32xf32> {dit.every = "prompt", dit.from = "input", dit.name = "text"}) -> (tensor<?x8x8x8xf32> {dit.name = "out"}) {
    %0 = dit.patchify %arg0 patch 2 : tensor<?x4x8x8xf32> -> tensor<?x16x16xf32>
    %1 = dit.weight "x_embedder.proj.weight" : tensor<32x4x2x2xf32>
    %2 = dit.reshape %1 : tensor<32x4x2x2xf32> -> tensor<32x16xf32>
    %3 = dit.weight "x_embedder.proj.bias" : tensor<32xf32>
    %4 = dit.linear %0 weight(%2) bias(%3) : (tensor<?x16x16xf32>, tensor<32x16xf32>, tensor<32xf32>) -> tensor<?x16x32xf32>
    %5 = dit.sincos_position grid 4 x 4 : tensor<16x32xf32>
    %6 = dit.add %4, %5 : tensor<?x16x32xf32>, tensor<16x32xf32>
    %7 = dit.timestep_embedding %arg1 max_period 1.000000e+04 shift 0 : tensor<?xf32> -> tensor<?x256xf32>
    %8 = dit.weight "t_embedder.mlp.0.weight" : tensor<32x256xf32>
    %9 = dit.weight "t_embedder.mlp.0.bias" : tensor<32xf32>
    %10 = dit.linear %7 weight(%8) bias(%9) : (tensor<?x256xf32>, tensor<32x256xf32>, tensor<32xf32>) -> tensor<?x32xf32>
    %11 = dit.silu %10 : tensor<?x32xf32>
    %12 = dit.weight "t_embedder.mlp.2.weight" : tensor<32x32xf32>
    %13 = dit.weight "t_embedder.mlp.2.bias" : tensor<32xf32>
    %14 = dit.linear %11 weight(%12) bias(%13) : (tensor<?x32xf32>, tensor<32x32xf32>, tensor<32xf32>) -> tensor<?x32xf32>
    %15 = dit.weight "y_embedder.embedding_table.weight" : tensor<11x32xf32>
    %16 = dit.embedding %arg2 table(%15) : tensor<?xi32>, tensor<11x32xf32> -> tensor<?x32xf32>
    %17 = dit.add %14, %16 : tensor<?x32xf32>, tensor<?x32xf32>
    %18 = dit.silu %17 : tensor<?x32xf32>
    %19 = dit.weight "blocks.0.adaLN_modulation.1.weight" : tensor<192x32xf32>
    %20 = dit.weight "blocks.0.adaLN_modulation.1.bias" : tensor<192xf32>
    %21 = dit.linear %18 weight(%19) bias(%20) : (tensor<?x32xf32>, tensor<192x32xf32>, tensor<192xf32>) -> tensor<?x192xf32>
    %22 = dit.slice %21 dim 1 offset 0 : tensor<?x192xf32> -> tensor<?x32xf32>
    %23 = dit.slice %21 dim 1 offset 32 : tensor<?x192xf32> -> tensor<?x32xf32>
    %24 = dit.slice %21 dim 1 offset 64 : tensor<?x192xf32> -> tensor<?x32xf32>
    %25 = dit.slice %21 dim 1 offset 96 : tensor<?x192xf32> -> tensor<?x32xf32>
    %26 = dit.slice %21 dim 1 offset 128 : tensor<?x192xf32> -> tensor<?x32xf32>
    %27 = dit.slice %21 dim 1 offset 160 : tensor<?x192xf32> -> tensor<?x32xf32>
    %28 = dit.layer_norm %6 eps 9.9999999999999995E-7 : tensor<?x16x32xf32>
    %29 = dit.modulate %28 shift(%22) scale(%23) : tensor<?x16x32xf32>, tensor<?x32xf32>
    %30 = dit.weight "blocks.0.attn.qkv.weight" : tensor<96x32xf32>
    %31 = dit.weight "blocks.0.attn.qkv.bias" : tensor<96xf32>
    %32 = dit.linear %29 weight(%30) bias(%31) : (tensor<?x16x32xf32>, tensor<96x32xf32>, tensor<96xf32>) -> tensor<?x16x96xf32>
    %33 = dit.slice %32 dim 2 offset 0 : tensor<?x16x96xf32> -> tensor<?x16x32xf32>
    %34 = dit.slice %32 dim 2 offset 32 : tensor<?x16x96xf32> -> tensor<?x16x32xf32>
    %35 = dit.slice %32 dim 2 offset 64 : tensor<?x16x96xf32> -> tensor<?x16x32xf32>
    %kvw = dit.weight "blocks.0.cross.kv.weight" : tensor<64x32xf32>
    %kvb = dit.weight "blocks.0.cross.kv.bias" : tensor<64xf32>
    %kv = dit.linear %txt weight(%kvw) bias(%kvb) : (tensor<?x5x32xf32>, tensor<64x32xf32>, tensor<64xf32>) -> tensor<?x5x64xf32>
    %ck = dit.slice %kv dim 2 offset 0 : tensor<?x5x64xf32> -> tensor<?x5x32xf32>
    %cv = dit.slice %kv dim 2 offset 32 : tensor<?x5x64xf32> -> tensor<?x5x32xf32>
    %36 = dit.attention %33, %ck, %cv heads 4 : tensor<?x16x32xf32>, tensor<?x5x32xf32> -> tensor<?x16x32xf32>
    %37 = dit.weight "blocks.0.attn.proj.weight" : tensor<32x32xf32>
    %38 = dit.weight "blocks.0.attn.proj.bias" : tensor<32xf32>
    %39 = dit.linear %36 weight(%37) bias(%38) : (tensor<?x16x32xf32>, tensor<32x32xf32>, tensor<32xf32>) -> tensor<?x16x32xf32>
    %40 = dit.gate %39 gate(%24) : tensor<?x16x32xf32>, tensor<?x32xf32>
    %41 = dit.add %6, %40 : tensor<?x16x32xf32>, tensor<?x16x32xf32>
    %42 = dit.layer_norm %41 eps 9.9999999999999995E-7 : tensor<?x16x32xf32>
    %43 = dit.modulate %42 shift(%25) scale(%26) : tensor<?x16x32xf32>, tensor<?x32xf32>
    %44 = dit.weight "blocks.0.mlp.fc1.weight" : tensor<128x32xf32>
    %45 = dit.weight "blocks.0.mlp.fc1.bias" : tensor<128xf32>
    %46 = dit.linear %43 weight(%44) bias(%45) : (tensor<?x16x32xf32>, tensor<128x32xf32>, tensor<128xf32>) -> tensor<?x16x128xf32>
    %47 = dit.gelu tanh %46 : tensor<?x16x128xf32>
    %48 = dit.weight "blocks.0.mlp.fc2.weight" : tensor<32x128xf32>
    %49 = dit.weight "blocks.0.mlp.fc2.bias" : tensor<32xf32>
    %50 = dit.linear %47 weight(%48) bias(%49) : (tensor<?x16x128xf32>, tensor<32x128xf32>, tensor<32xf32>) -> tensor<?x16x32xf32>
    %51 = dit.gate %50 gate(%27) : tensor<?x16x32xf32>, tensor<?x32xf32>
    %52 = dit.add %41, %51 : tensor<?x16x32xf32>, tensor<?x16x32xf32>
    %53 = dit.weight "final_layer.adaLN_modulation.1.weight" : tensor<64x32xf32>
    %54 = dit.weight "final_layer.adaLN_modulation.1.bias" : tensor<64xf32>
    %55 = dit.linear %18 weight(%53) bias(%54) : (tensor<?x32xf32>, tensor<64x32xf32>, tensor<64xf32>) -> tensor<?x64xf32>
    %56 = dit.slice %55 dim 1 offset 0 : tensor<?x64xf32> -> tensor<?x32xf32>
    %57 = dit.slice %55 dim 1 offset 32 : tensor<?x64xf32> -> tensor<?x32xf32>
    %58 = dit.layer_norm %52 eps 9.9999999999999995E-7 : tensor<?x16x32xf32>
    %59 = dit.modulate %58 shift(%56) scale(%57) : tensor<?x16x32xf32>, tensor<?x32xf32>
    %60 = dit.weight "final_layer.linear.weight" : tensor<32x32xf32>
    %61 = dit.weight "final_layer.linear.bias" : tensor<32xf32>
    %62 = dit.linear %59 weight(%60) bias(%61) : (tensor<?x16x32xf32>, tensor<32x32xf32>, tensor<32xf32>) -> tensor<?x16x32xf32>
    %63 = dit.unpatchify %62 patch 2 : tensor<?x16x32xf32> -> tensor<?x8x8x8xf32>
    return %63 : tensor<?x8x8x8xf32>
  }
}

