// RUN: dit-opt %s --split-input-file --verify-diagnostics

// (C1)
func.func @panels(%w: tensor<24x8xf32>) {
  // expected-error@below {{the result must be 2x8x16, got 3x8x16}}
  %p = dit.pack %w layout<panel = 16> : tensor<24x8xf32> -> tensor<3x8x16xf32>
  return
}

// -----

// (C1)
func.func @inputs(%w: tensor<24x8xf32>) {
  // expected-error@below {{the result must be 2x8x16, got 2x7x16}}
  %p = dit.pack %w layout<panel = 16> : tensor<24x8xf32> -> tensor<2x7x16xf32>
  return
}

// -----

// (C1)
func.func @no_layout(%w: tensor<24x8xf32>) {
  // expected-error@below {{without a layout must copy, got 'tensor<24x8xf32>' and 'tensor<2x8x16xf32>'}}
  %p = dit.pack %w : tensor<24x8xf32> -> tensor<2x8x16xf32>
  return
}

// -----

// (C1)
func.func @rank(%w: tensor<24xf32>) {
  // expected-error@below {{must pack a weight (M, K), got 'tensor<24xf32>'}}
  %p = dit.pack %w layout<panel = 16> : tensor<24xf32> -> tensor<2x16xf32>
  return
}

// -----

// (C1)
func.func @rounds(%w: tensor<24x8xf32>) {
  // expected-error@below {{w and the result must have one element type, got 'f32' and 'bf16'}}
  %p = dit.pack %w layout<panel = 16> : tensor<24x8xf32> -> tensor<2x8x16xbf16>
  return
}

// -----

// (C1) 7 features are 4 pairs.
func.func @pairs(%w: tensor<24x7xf32>) {
  // expected-error@below {{the result must be 2x4x16x2, got 2x3x16x2}}
  %p = dit.pack %w layout<panel = 16, group = 2> : tensor<24x7xf32> -> tensor<2x3x16x2xf32>
  return
}

// -----

// (C2)
func.func @dynamic(%w: tensor<?x8xf32>) {
  // expected-error@below {{w must have a static shape, got 'tensor<?x8xf32>'}}
  %p = dit.pack %w : tensor<?x8xf32> -> tensor<?x8xf32>
  return
}
