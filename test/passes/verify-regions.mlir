// RUN: dit-opt %s --dit-verify-regions | FileCheck %s
// RUN: dit-opt %s --dit-verify-regions -o %t && dit-check %s %t | FileCheck %s --check-prefix=SAME
// RUN: dit-opt %s --dit-verify-regions --remarks-filter=fusion --remark-format=emitRemark --verify-diagnostics -o /dev/null
// SAME: same: {{.*}} error 0,

// CHECK-LABEL: @keep_legal_region
func.func @keep_legal_region(%x: tensor<?x4x8xf32>) -> tensor<?x4x8xf32> {
  // CHECK: dit.fused row
  // CHECK-NEXT: dit.silu
  // CHECK-NEXT: dit.layer_norm
  %r = dit.fused row (%a = %x) : (tensor<?x4x8xf32>) -> tensor<?x4x8xf32> {
    %0 = dit.silu %a : tensor<?x4x8xf32>
    %1 = dit.layer_norm %0 eps 1.0e-06 : tensor<?x4x8xf32>
    dit.yield %1 : tensor<?x4x8xf32>
  }
  return %r : tensor<?x4x8xf32>
}

// CHECK-LABEL: @split_two_token_counts
func.func @split_two_token_counts(%x: tensor<?x4x8xf32>, %y: tensor<?x6x8xf32>) -> (tensor<?x4x8xf32>, tensor<?x6x8xf32>) {
  // CHECK: dit.fused row
  // CHECK-NEXT: dit.silu {{.*}} : tensor<?x4x8xf32>
  // CHECK-NEXT: dit.yield
  // CHECK: dit.fused row
  // CHECK-NEXT: dit.silu {{.*}} : tensor<?x6x8xf32>
  // CHECK-NEXT: dit.yield
  // expected-remark@below {{a region of kind row was split: expected one number of rows, but dit.silu has another}}
  %r:2 = dit.fused row (%a = %x, %b = %y) : (tensor<?x4x8xf32>, tensor<?x6x8xf32>) -> (tensor<?x4x8xf32>, tensor<?x6x8xf32>) {
    %0 = dit.silu %a : tensor<?x4x8xf32>
    %1 = dit.silu %b : tensor<?x6x8xf32>
    dit.yield %0, %1 : tensor<?x4x8xf32>, tensor<?x6x8xf32>
  }
  return %r#0, %r#1 : tensor<?x4x8xf32>, tensor<?x6x8xf32>
}

// CHECK-LABEL: @split_op_of_another_kind
func.func @split_op_of_another_kind(%x: tensor<?x3x4x6xf32>) -> tensor<?x6x12xf32> {
  // CHECK: dit.fused patch
  // CHECK: dit.fused row
  // expected-remark@below {{expected row ops, but found dit.patchify}}
  %r = dit.fused row (%a = %x) : (tensor<?x3x4x6xf32>) -> tensor<?x6x12xf32> {
    %0 = dit.patchify %a patch 2 : tensor<?x3x4x6xf32> -> tensor<?x6x12xf32>
    %1 = dit.silu %0 : tensor<?x6x12xf32>
    dit.yield %1 : tensor<?x6x12xf32>
  }
  return %r : tensor<?x6x12xf32>
}

// CHECK-LABEL: @split_gate_made_inside
func.func @split_gate_made_inside(%x: tensor<?x4x8xf32>, %c: tensor<?x8xf32>) -> tensor<?x4x8xf32> {
  // CHECK: dit.fused row
  // CHECK-NEXT: dit.silu
  // CHECK-NEXT: dit.yield
  // CHECK: dit.fused row
  // CHECK-NEXT: dit.gate
  // expected-remark@below {{expected one number of rows, but dit.gate has another}}
  %r = dit.fused row (%a = %x, %b = %c) : (tensor<?x4x8xf32>, tensor<?x8xf32>) -> tensor<?x4x8xf32> {
    %0 = dit.silu %b : tensor<?x8xf32>
    %1 = dit.gate %a gate(%0) : tensor<?x4x8xf32>, tensor<?x8xf32>
    dit.yield %1 : tensor<?x4x8xf32>
  }
  return %r : tensor<?x4x8xf32>
}

// CHECK-LABEL: @split_norm_behind_a_linear
func.func @split_norm_behind_a_linear(%x: tensor<?x4x8xf32>, %w: tensor<6x8xf32>) -> tensor<?x4x6xf32> {
  // CHECK: dit.fused linear
  // CHECK: dit.fused row
  // expected-remark@below {{after the linear expected elementwise ops, but found dit.layer_norm}}
  %r = dit.fused linear (%a = %x, %b = %w) : (tensor<?x4x8xf32>, tensor<6x8xf32>) -> tensor<?x4x6xf32> {
    %0 = dit.linear %a weight(%b) : (tensor<?x4x8xf32>, tensor<6x8xf32>) -> tensor<?x4x6xf32>
    %1 = dit.layer_norm %0 eps 1.0e-06 : tensor<?x4x6xf32>
    dit.yield %1 : tensor<?x4x6xf32>
  }
  return %r : tensor<?x4x6xf32>
}

// CHECK-LABEL: @split_two_results_of_a_linear
func.func @split_two_results_of_a_linear(%x: tensor<?x4x8xf32>, %w: tensor<6x8xf32>) -> (tensor<?x4x6xf32>, tensor<?x4x6xf32>) {
  // CHECK: dit.fused linear
  // CHECK: dit.fused row
  // expected-remark@below {{expected the last op's result alone to leave the region}}
  %r:2 = dit.fused linear (%a = %x, %b = %w) : (tensor<?x4x8xf32>, tensor<6x8xf32>) -> (tensor<?x4x6xf32>, tensor<?x4x6xf32>) {
    %0 = dit.linear %a weight(%b) : (tensor<?x4x8xf32>, tensor<6x8xf32>) -> tensor<?x4x6xf32>
    %1 = dit.gelu tanh %0 : tensor<?x4x6xf32>
    dit.yield %0, %1 : tensor<?x4x6xf32>, tensor<?x4x6xf32>
  }
  return %r#0, %r#1 : tensor<?x4x6xf32>, tensor<?x4x6xf32>
}

// CHECK-LABEL: @split_reader_of_an_earlier_op
func.func @split_reader_of_an_earlier_op(%x: tensor<?x4x8xf32>, %w: tensor<8x8xf32>) -> tensor<?x4x8xf32> {
  // CHECK: dit.fused row
  // CHECK: dit.fused linear
  // CHECK: dit.fused row
  // expected-remark@below {{expected a chain of ops, but dit.add reads an earlier one}}
  %r = dit.fused linear (%a = %x, %b = %w) : (tensor<?x4x8xf32>, tensor<8x8xf32>) -> tensor<?x4x8xf32> {
    %0 = dit.layer_norm %a eps 1.0e-06 : tensor<?x4x8xf32>
    %1 = dit.linear %0 weight(%b) : (tensor<?x4x8xf32>, tensor<8x8xf32>) -> tensor<?x4x8xf32>
    %2 = dit.add %0, %1 : tensor<?x4x8xf32>, tensor<?x4x8xf32>
    dit.yield %2 : tensor<?x4x8xf32>
  }
  return %r : tensor<?x4x8xf32>
}

// CHECK-LABEL: @split_two_moves
func.func @split_two_moves(%x: tensor<?x3x4x6xf32>) -> tensor<?x3x4x6xf32> {
  // CHECK: dit.fused patch
  // CHECK: dit.fused patch
  // expected-remark@below {{a region of kind patch was split: expected one op, but found 2}}
  %r = dit.fused patch (%a = %x) : (tensor<?x3x4x6xf32>) -> tensor<?x3x4x6xf32> {
    %0 = dit.patchify %a patch 2 : tensor<?x3x4x6xf32> -> tensor<?x6x12xf32>
    %1 = dit.unpatchify %0 patch 2 : tensor<?x6x12xf32> -> tensor<?x3x4x6xf32>
    dit.yield %1 : tensor<?x3x4x6xf32>
  }
  return %r : tensor<?x3x4x6xf32>
}

// CHECK-LABEL: @keep_attention_and_its_cast
func.func @keep_attention_and_its_cast(%q: tensor<?x4x8xbf16>) -> tensor<?x4x8xbf16> {
  // CHECK: dit.fused attention
  // CHECK-NEXT: dit.attention
  // CHECK-NEXT: dit.cast
  %r = dit.fused attention (%a = %q) : (tensor<?x4x8xbf16>) -> tensor<?x4x8xbf16> {
    %0 = dit.attention %a, %a, %a heads 2 : tensor<?x4x8xbf16>, tensor<?x4x8xbf16> -> tensor<?x4x8xf32>
    %1 = dit.cast %0 : tensor<?x4x8xf32> -> tensor<?x4x8xbf16>
    dit.yield %1 : tensor<?x4x8xbf16>
  }
  return %r : tensor<?x4x8xbf16>
}

// CHECK-LABEL: @split_two_results_of_an_attention
func.func @split_two_results_of_an_attention(%q: tensor<?x4x8xbf16>) -> (tensor<?x4x8xf32>, tensor<?x4x8xbf16>) {
  // CHECK: dit.fused attention
  // CHECK: dit.fused row
  // expected-remark@below {{expected the cast's result alone to leave the region}}
  %r:2 = dit.fused attention (%a = %q) : (tensor<?x4x8xbf16>) -> (tensor<?x4x8xf32>, tensor<?x4x8xbf16>) {
    %0 = dit.attention %a, %a, %a heads 2 : tensor<?x4x8xbf16>, tensor<?x4x8xbf16> -> tensor<?x4x8xf32>
    %1 = dit.cast %0 : tensor<?x4x8xf32> -> tensor<?x4x8xbf16>
    dit.yield %0, %1 : tensor<?x4x8xf32>, tensor<?x4x8xbf16>
  }
  return %r#0, %r#1 : tensor<?x4x8xf32>, tensor<?x4x8xbf16>
}

// CHECK-LABEL: @split_op_behind_an_attention
func.func @split_op_behind_an_attention(%q: tensor<?x4x8xf32>) -> tensor<?x4x8xf32> {
  // CHECK: dit.fused attention
  // CHECK: dit.fused row
  // expected-remark@below {{after the attention expected its cast alone, but found dit.silu}}
  %r = dit.fused attention (%a = %q) : (tensor<?x4x8xf32>) -> tensor<?x4x8xf32> {
    %0 = dit.attention %a, %a, %a heads 2 : tensor<?x4x8xf32>, tensor<?x4x8xf32> -> tensor<?x4x8xf32>
    %1 = dit.silu %0 : tensor<?x4x8xf32>
    dit.yield %1 : tensor<?x4x8xf32>
  }
  return %r : tensor<?x4x8xf32>
}

// CHECK-LABEL: @split_op_before_an_attention
func.func @split_op_before_an_attention(%q: tensor<?x4x8xf32>) -> tensor<?x4x8xf32> {
  // CHECK: dit.fused row
  // CHECK: dit.fused attention
  // expected-remark@below {{expected one dit.attention first, but found dit.silu}}
  %r = dit.fused attention (%a = %q) : (tensor<?x4x8xf32>) -> tensor<?x4x8xf32> {
    %0 = dit.silu %a : tensor<?x4x8xf32>
    %1 = dit.attention %0, %0, %0 heads 2 : tensor<?x4x8xf32>, tensor<?x4x8xf32> -> tensor<?x4x8xf32>
    dit.yield %1 : tensor<?x4x8xf32>
  }
  return %r : tensor<?x4x8xf32>
}

// CHECK-LABEL: @split_sinusoid_before_a_linear
func.func @split_sinusoid_before_a_linear(%t: tensor<?xf32>, %w: tensor<6x8xf32>) -> tensor<?x6xf32> {
  // CHECK: dit.fused row
  // CHECK: dit.fused linear
  // expected-remark@below {{dit.timestep_embedding must be alone in its region}}
  %r = dit.fused linear (%a = %t, %b = %w) : (tensor<?xf32>, tensor<6x8xf32>) -> tensor<?x6xf32> {
    %0 = dit.timestep_embedding %a max_period 1.0e+04 shift 0 : tensor<?xf32> -> tensor<?x8xf32>
    %1 = dit.linear %0 weight(%b) : (tensor<?x8xf32>, tensor<6x8xf32>) -> tensor<?x6xf32>
    dit.yield %1 : tensor<?x6xf32>
  }
  return %r : tensor<?x6xf32>
}

// CHECK-LABEL: @split_rotate_behind_another_op
func.func @split_rotate_behind_another_op(%x: tensor<?x4x8xf32>, %w: tensor<6x8xf32>, %table: tensor<4x2xf32>) -> tensor<?x4x6xf32> {
  // CHECK: dit.fused linear
  // CHECK: dit.fused row
  // CHECK: dit.fused row
  // expected-remark@below {{dit.rotate must come directly after the linear}}
  %r = dit.fused linear (%a = %x, %b = %w, %t = %table) : (tensor<?x4x8xf32>, tensor<6x8xf32>, tensor<4x2xf32>) -> tensor<?x4x6xf32> {
    %0 = dit.linear %a weight(%b) : (tensor<?x4x8xf32>, tensor<6x8xf32>) -> tensor<?x4x6xf32>
    %1 = dit.silu %0 : tensor<?x4x6xf32>
    %2 = dit.rotate %1 by(%t) features 4 : tensor<?x4x6xf32>, tensor<4x2xf32>
    dit.yield %2 : tensor<?x4x6xf32>
  }
  return %r : tensor<?x4x6xf32>
}

// CHECK-LABEL: @keep_rotate_among_rows
func.func @keep_rotate_among_rows(%x: tensor<?x4x6xf32>, %table: tensor<4x2xf32>) -> tensor<?x4x6xf32> {
  // CHECK:      dit.fused row
  // CHECK-NEXT:   dit.layer_norm
  // CHECK-NEXT:   dit.rotate
  // CHECK-NEXT:   dit.silu
  %r = dit.fused row (%a = %x, %t = %table) : (tensor<?x4x6xf32>, tensor<4x2xf32>) -> tensor<?x4x6xf32> {
    %0 = dit.layer_norm %a eps 1.0e-06 : tensor<?x4x6xf32>
    %1 = dit.rotate %0 by(%t) features 4 : tensor<?x4x6xf32>, tensor<4x2xf32>
    %2 = dit.silu %1 : tensor<?x4x6xf32>
    dit.yield %2 : tensor<?x4x6xf32>
  }
  return %r : tensor<?x4x6xf32>
}

// CHECK-LABEL: @split_table_made_inside
func.func @split_table_made_inside(%x: tensor<?x4x6xf32>, %table: tensor<4x2xf32>) -> tensor<?x4x6xf32> {
  // CHECK: dit.fused row
  // CHECK: dit.fused row
  // expected-remark@below {{a region of kind row was split}}
  %r = dit.fused row (%a = %x, %t = %table) : (tensor<?x4x6xf32>, tensor<4x2xf32>) -> tensor<?x4x6xf32> {
    %0 = dit.silu %t : tensor<4x2xf32>
    %1 = dit.rotate %a by(%0) features 4 : tensor<?x4x6xf32>, tensor<4x2xf32>
    dit.yield %1 : tensor<?x4x6xf32>
  }
  return %r : tensor<?x4x6xf32>
}

// CHECK-LABEL: @split_result_given_twice
func.func @split_result_given_twice(%x: tensor<?x4x8xf32>) -> (tensor<?x4x8xf32>, tensor<?x4x8xf32>) {
  // CHECK: dit.fused attention {{.*}} -> tensor<?x4x8xf32> {
  // expected-remark@below {{a region of kind attention was split: expected the last op's result alone to leave the region}}
  %r:2 = dit.fused attention (%a = %x) : (tensor<?x4x8xf32>) -> (tensor<?x4x8xf32>, tensor<?x4x8xf32>) {
    %0 = dit.attention %a, %a, %a heads 2 : tensor<?x4x8xf32>, tensor<?x4x8xf32> -> tensor<?x4x8xf32>
    dit.yield %0, %0 : tensor<?x4x8xf32>, tensor<?x4x8xf32>
  }
  return %r#0, %r#1 : tensor<?x4x8xf32>, tensor<?x4x8xf32>
}

// cuBLASLt reads x from memory, ends with one GELU, and has its bias in the type that it writes.
// CHECK-LABEL: @give_back_what_cublaslt_cannot_do
func.func @give_back_what_cublaslt_cannot_do(%x: tensor<?x4x8xf32>, %n: tensor<?x4x8xbf16>, %w: tensor<8x8xf32>, %v: tensor<8x8xbf16>, %b: tensor<8xbf16>) -> (tensor<?x4x8xf32>, tensor<?x4x8xf32>, tensor<?x4x8xf32>) {
  // CHECK: dit.linear {{.*}} matmul<multiply = f32> :
  // CHECK: dit.linear {{.*}} matmul<multiply = f32, layout = <panel = 1>> :
  // CHECK: dit.linear {{.*}} matmul<multiply = bf16> :
  %h = dit.fused linear (%a = %x, %c = %w) : (tensor<?x4x8xf32>, tensor<8x8xf32>) -> tensor<?x4x8xf32> {
    %0 = dit.silu %a : tensor<?x4x8xf32>
    // expected-remark@below {{cuBLASLt cannot multiply it: x must come from memory, but dit.silu makes it}}
    %1 = dit.linear %0 weight(%c) matmul<multiply = f32, by = cublaslt> : (tensor<?x4x8xf32>, tensor<8x8xf32>) -> tensor<?x4x8xf32>
    dit.yield %1 : tensor<?x4x8xf32>
  }
  %g = dit.fused linear (%a = %x, %c = %w) : (tensor<?x4x8xf32>, tensor<8x8xf32>) -> tensor<?x4x8xf32> {
    // expected-remark@below {{it may end with a bias, GELU's tanh form of that, and a cast, but ends with dit.silu}}
    %0 = dit.linear %a weight(%c) matmul<multiply = f32, by = cublaslt, layout = <panel = 1>> : (tensor<?x4x8xf32>, tensor<8x8xf32>) -> tensor<?x4x8xf32>
    %1 = dit.silu %0 : tensor<?x4x8xf32>
    dit.yield %1 : tensor<?x4x8xf32>
  }
  // expected-remark@below {{its bias must be of the type that it writes}}
  %l = dit.linear %n weight(%v) bias(%b) matmul<multiply = bf16, by = cublaslt> : (tensor<?x4x8xbf16>, tensor<8x8xbf16>, tensor<8xbf16>) -> tensor<?x4x8xf32>
  return %h, %g, %l : tensor<?x4x8xf32>, tensor<?x4x8xf32>, tensor<?x4x8xf32>
}
