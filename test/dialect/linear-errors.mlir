// RUN: dit-opt %s --split-input-file --verify-diagnostics

// (C1)
func.func @tokens(%x: tensor<?x4x8xf32>, %w: tensor<24x8xf32>, %b: tensor<24xf32>) {
  // expected-error@below {{the result must be ?x4x24, got ?x5x24}}
  %h = dit.linear %x weight(%w) bias(%b) : (tensor<?x4x8xf32>, tensor<24x8xf32>, tensor<24xf32>) -> tensor<?x5x24xf32>
  return
}

// -----

// (C1)
func.func @rank(%x: tensor<?x4x8xf32>, %w: tensor<24x8xf32>, %b: tensor<24xf32>) {
  // expected-error@below {{the result must be ?x4x24, got ?x24}}
  %h = dit.linear %x weight(%w) bias(%b) : (tensor<?x4x8xf32>, tensor<24x8xf32>, tensor<24xf32>) -> tensor<?x24xf32>
  return
}

// -----

// (C2)
func.func @inputs(%x: tensor<?x4x8xf32>, %w: tensor<24x7xf32>, %b: tensor<24xf32>) {
  // expected-error@below {{weight must be 24x8, got 24x7}}
  %h = dit.linear %x weight(%w) bias(%b) : (tensor<?x4x8xf32>, tensor<24x7xf32>, tensor<24xf32>) -> tensor<?x4x24xf32>
  return
}

// -----

// (C2)
func.func @transposed(%x: tensor<?x4x8xf32>, %w: tensor<8x24xf32>, %b: tensor<24xf32>) {
  // expected-error@below {{weight must be 24x8, got 8x24}}
  %h = dit.linear %x weight(%w) bias(%b) : (tensor<?x4x8xf32>, tensor<8x24xf32>, tensor<24xf32>) -> tensor<?x4x24xf32>
  return
}

// -----

// (C2)
func.func @panels(%x: tensor<?x4x8xf32>, %w: tensor<1x8x16xf32>, %b: tensor<24xf32>) {
  // expected-error@below {{packed weight must be 2x8x16, got 1x8x16}}
  %h = dit.linear %x weight(%w) bias(%b) matmul<multiply = f32, layout = <panel = 16>> : (tensor<?x4x8xf32>, tensor<1x8x16xf32>, tensor<24xf32>) -> tensor<?x4x24xf32>
  return
}

// -----

// (C2) without a layout nothing says what three dimensions are.
func.func @no_layout(%x: tensor<?x4x8xf32>, %w: tensor<2x8x16xf32>) {
  // expected-error@below {{weight must be 24x8, got 2x8x16}}
  %h = dit.linear %x weight(%w) matmul<multiply = f32> : (tensor<?x4x8xf32>, tensor<2x8x16xf32>) -> tensor<?x4x24xf32>
  return
}

// -----

// (C2)
func.func @another_layout(%x: tensor<?x4x8xf32>, %w: tensor<2x8x16xf32>) {
  // expected-error@below {{packed weight must be 2x4x16x2, got 2x8x16}}
  %h = dit.linear %x weight(%w) matmul<multiply = f32, layout = <panel = 16, group = 2>> : (tensor<?x4x8xf32>, tensor<2x8x16xf32>) -> tensor<?x4x24xf32>
  return
}

// -----

// (C3)
func.func @bias(%x: tensor<?x4x8xf32>, %w: tensor<24x8xf32>, %b: tensor<8xf32>) {
  // expected-error@below {{bias must be 24, got 8}}
  %h = dit.linear %x weight(%w) bias(%b) : (tensor<?x4x8xf32>, tensor<24x8xf32>, tensor<8xf32>) -> tensor<?x4x24xf32>
  return
}

// -----

// (C4)
func.func @weight_of_another_type(%x: tensor<?x4x8xbf16>, %w: tensor<24x8xf32>) {
  // expected-error@below {{x and weight must have one element type, got 'bf16' and 'f32'}}
  %h = dit.linear %x weight(%w) : (tensor<?x4x8xbf16>, tensor<24x8xf32>) -> tensor<?x4x24xf32>
  return
}

// -----

// (C4)
func.func @rounded_sum(%x: tensor<?x4x8xf32>, %w: tensor<24x8xf32>) {
  // expected-error@below {{the result must have at least the bits of 'f32', got 'bf16'}}
  %h = dit.linear %x weight(%w) : (tensor<?x4x8xf32>, tensor<24x8xf32>) -> tensor<?x4x24xbf16>
  return
}

// -----

// (C4)
func.func @bias_of_another_type(%x: tensor<?x4x8xbf16>, %w: tensor<24x8xbf16>, %b: tensor<24xf16>) {
  // expected-error@below {{bias and result must have one element type, got 'f16' and 'f32'}}
  %h = dit.linear %x weight(%w) bias(%b) : (tensor<?x4x8xbf16>, tensor<24x8xbf16>, tensor<24xf16>) -> tensor<?x4x24xf32>
  return
}

// -----

// (C5)
func.func @as_tf32(%x: tensor<?x4x8xbf16>, %w: tensor<24x8xbf16>) {
  // expected-error@below {{x must be of f32 to be multiplied as tf32, got 'bf16'}}
  %h = dit.linear %x weight(%w) matmul<multiply = tf32> : (tensor<?x4x8xbf16>, tensor<24x8xbf16>) -> tensor<?x4x24xf32>
  return
}

// -----

// (C5)
func.func @as_bf16(%x: tensor<?x4x8xf16>, %w: tensor<24x8xf16>) {
  // expected-error@below {{x must be of f32 or bf16 to be multiplied as bf16, got 'f16'}}
  %h = dit.linear %x weight(%w) matmul<multiply = bf16> : (tensor<?x4x8xf16>, tensor<24x8xf16>) -> tensor<?x4x24xf32>
  return
}
