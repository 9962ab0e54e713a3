// RUN: dit-opt %s --split-input-file --verify-diagnostics

// (C1)
func.func @heads(%q: tensor<?x4x8xf32>, %k: tensor<?x6x8xf32>, %v: tensor<?x6x8xf32>) {
  // expected-error@below {{heads must divide the width, but 8 % 3 is not 0}}
  %a = dit.attention %q, %k, %v heads 3 : tensor<?x4x8xf32>, tensor<?x6x8xf32> -> tensor<?x4x8xf32>
  return
}

// -----

// (C1)
func.func @no_heads(%q: tensor<?x4x8xf32>, %k: tensor<?x6x8xf32>, %v: tensor<?x6x8xf32>) {
  // expected-error@below {{heads must divide the width, but 8 % 0 is not 0}}
  %a = dit.attention %q, %k, %v heads 0 : tensor<?x4x8xf32>, tensor<?x6x8xf32> -> tensor<?x4x8xf32>
  return
}

// -----

// (C2)
func.func @width(%q: tensor<?x4x8xf32>, %k: tensor<?x6x10xf32>, %v: tensor<?x6x10xf32>) {
  // expected-error@below {{k and v must be ?x6x8, got ?x6x10}}
  %a = dit.attention %q, %k, %v heads 2 : tensor<?x4x8xf32>, tensor<?x6x10xf32> -> tensor<?x4x8xf32>
  return
}

// -----

// (C2)
func.func @batch(%q: tensor<?x4x8xf32>, %k: tensor<3x6x8xf32>, %v: tensor<3x6x8xf32>) {
  // expected-error@below {{k and v must be ?x6x8, got 3x6x8}}
  %a = dit.attention %q, %k, %v heads 2 : tensor<?x4x8xf32>, tensor<3x6x8xf32> -> tensor<?x4x8xf32>
  return
}

// -----

// (C2)
func.func @result(%q: tensor<?x4x8xf32>, %k: tensor<?x6x8xf32>) {
  // expected-error@below {{the result must be ?x4x8, got ?x6x8}}
  %a = dit.attention %q, %k, %k heads 2 : tensor<?x4x8xf32>, tensor<?x6x8xf32> -> tensor<?x6x8xf32>
  return
}

// -----

// (C3)
func.func @keys_of_another_type(%q: tensor<?x4x8xbf16>, %k: tensor<?x6x8xf32>) {
  // expected-error@below {{q and k must have one element type, got 'bf16' and 'f32'}}
  %a = dit.attention %q, %k, %k heads 2 : tensor<?x4x8xbf16>, tensor<?x6x8xf32> -> tensor<?x4x8xf32>
  return
}

// -----

// (C3)
func.func @rounded_sum(%q: tensor<?x4x8xf32>, %k: tensor<?x6x8xf32>) {
  // expected-error@below {{the result must have at least the bits of 'f32', got 'bf16'}}
  %a = dit.attention %q, %k, %k heads 2 : tensor<?x4x8xf32>, tensor<?x6x8xf32> -> tensor<?x4x8xbf16>
  return
}
