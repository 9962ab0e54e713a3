// RUN: dit-opt %s --dit-plan-layouts --split-input-file --verify-diagnostics

// expected-error@below {{expected a function @prepare; run --dit-stage first}}
module {
  func.func @denoise() {
    return
  }
}

// -----

module {
  func.func @prepare() -> (tensor<8x8xf32> {dit.name = "w"}) {
    %w = dit.weight "w" : tensor<8x8xf32>
    return %w : tensor<8x8xf32>
  }
  func.func @denoise(%x: tensor<?x4x8xf32> {dit.name = "x", dit.from = "input"}, %w: tensor<8x8xf32> {dit.name = "w", dit.from = "prepare"}) -> (tensor<?x4x8xf32> {dit.name = "out"}) {
    // expected-error@below {{must be in a dit.fused; run --dit-wrap-kernels first}}
    %l = dit.linear %x weight(%w) : (tensor<?x4x8xf32>, tensor<8x8xf32>) -> tensor<?x4x8xf32>
    return %l : tensor<?x4x8xf32>
  }
}

// -----

module {
  func.func @prepare() -> (tensor<8x8xf32> {dit.name = "w"}) {
    %w = dit.weight "w" : tensor<8x8xf32>
    return %w : tensor<8x8xf32>
  }
  func.func @denoise(%x: tensor<?x4x8xf32> {dit.name = "x", dit.from = "input"}, %w: tensor<8x8xf32> {dit.name = "w", dit.from = "prepare"}) -> (tensor<?x4x8xf32> {dit.name = "out"}) {
    %l = dit.fused linear (%a = %x, %b = %w) : (tensor<?x4x8xf32>, tensor<8x8xf32>) -> tensor<?x4x8xf32> {
      // expected-error@below {{must say the layout of its weight; run --dit-choose-matmuls first}}
      %0 = dit.linear %a weight(%b) matmul<multiply = f32> : (tensor<?x4x8xf32>, tensor<8x8xf32>) -> tensor<?x4x8xf32>
      dit.yield %0 : tensor<?x4x8xf32>
    }
    return %l : tensor<?x4x8xf32>
  }
}
