// RUN: dit-opt %s --dit-plan-memory --split-input-file --verify-diagnostics

func.func @denoise(%x: tensor<?x4x8xf32>) -> tensor<?x4x8xf32> {
  // expected-error@below {{must be in a dit.fused; run --dit-wrap-kernels first}}
  %0 = dit.silu %x : tensor<?x4x8xf32>
  return %0 : tensor<?x4x8xf32>
}

// -----

func.func @prepare() -> tensor<4x8xf32> {
  %0 = dit.weight "w" : tensor<4x8xf32>
  // expected-error@below {{result 0 of @prepare must be all of what one dit.fused makes, and be returned once}}
  return %0 : tensor<4x8xf32>
}

// -----

func.func @denoise(%x: tensor<?x4x8xf32>) -> tensor<?x3x8xf32> {
  %0 = dit.fused row (%a = %x) : (tensor<?x4x8xf32>) -> tensor<?x4x8xf32> {
    %r = dit.silu %a : tensor<?x4x8xf32>
    dit.yield %r : tensor<?x4x8xf32>
  }
  %1 = dit.slice %0 dim 1 offset 1 : tensor<?x4x8xf32> -> tensor<?x3x8xf32>
  // expected-error@below {{result 0 of @denoise must be all of what one dit.fused makes}}
  return %1 : tensor<?x3x8xf32>
}

// -----

func.func @condition(%t: tensor<?xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>) {
  %0 = dit.fused row (%a = %t) : (tensor<?xf32>) -> tensor<?x8xf32> {
    %r = dit.timestep_embedding %a max_period 1.0e+04 shift 0 : tensor<?xf32> -> tensor<?x8xf32>
    dit.yield %r : tensor<?x8xf32>
  }
  // expected-error@below {{result 1 of @condition must be all of what one dit.fused makes, and be returned once}}
  return %0, %0 : tensor<?x8xf32>, tensor<?x8xf32>
}

// -----

func.func @condition(%t: tensor<?xf32>) -> tensor<?x8xbf16> {
  %0 = dit.fused row (%a = %t) : (tensor<?xf32>) -> tensor<?x8xbf16> {
    %r = dit.timestep_embedding %a max_period 1.0e+04 shift 0 : tensor<?xf32> -> tensor<?x8xf32>
    %n = dit.cast %r : tensor<?x8xf32> -> tensor<?x8xbf16>
    dit.yield %n : tensor<?x8xbf16>
  }
  // expected-error@below {{result 0 of @condition must be f32, as a row of its table is, but is 'bf16'}}
  return %0 : tensor<?x8xbf16>
}
