// RUN: dit-opt %s --split-input-file --verify-diagnostics

// (C1)
func.func @arguments(%x: tensor<?x4x8xf32>) {
  // expected-error@below {{block arguments must have the operands' types}}
  %r = "dit.fused"(%x) <{kind = 0 : i32}> ({
  ^bb0(%a: tensor<?x4x7xf32>):
    "dit.yield"(%a) : (tensor<?x4x7xf32>) -> ()
  }) : (tensor<?x4x8xf32>) -> tensor<?x4x7xf32>
  return
}

// -----

// (C1)
func.func @results(%x: tensor<?x4x8xf32>) {
  // expected-error@below {{dit.yield must give the results' types}}
  %r = dit.fused row (%a = %x) : (tensor<?x4x8xf32>) -> tensor<?x4x7xf32> {
    dit.yield %a : tensor<?x4x8xf32>
  }
  return
}

// -----

// (C2)
func.func @offsets(%x: tensor<?x4x8xf32>) {
  // expected-error@below {{must have one offset a result, expected 1, got 2}}
  %r = dit.fused row (%a = %x) : (tensor<?x4x8xf32>) -> tensor<?x4x8xf32> {
    %0 = dit.silu %a : tensor<?x4x8xf32>
    dit.yield %0 : tensor<?x4x8xf32>
  } {offsets = array<i64: 0, 64>}
  return
}

// -----

// (C3)
func.func @linear_without_a_linear(%x: tensor<?x4x8xf32>) {
  // expected-error@below {{of kind linear cannot hold 0 dit.linear and 0 dit.attention}}
  %r = dit.fused linear (%a = %x) : (tensor<?x4x8xf32>) -> tensor<?x4x8xf32> {
    %0 = dit.silu %a : tensor<?x4x8xf32>
    dit.yield %0 : tensor<?x4x8xf32>
  }
  return
}

// -----

// (C3)
func.func @row_with_attention(%x: tensor<?x4x8xf32>) {
  // expected-error@below {{of kind row cannot hold 0 dit.linear and 1 dit.attention}}
  %r = dit.fused row (%a = %x) : (tensor<?x4x8xf32>) -> tensor<?x4x8xf32> {
    %0 = dit.attention %a, %a, %a heads 2 : tensor<?x4x8xf32>, tensor<?x4x8xf32> -> tensor<?x4x8xf32>
    dit.yield %0 : tensor<?x4x8xf32>
  }
  return
}

// -----

// (C4)
func.func @weight_inside(%x: tensor<?x4x8xf32>) {
  // expected-error@below {{cannot hold dit.weight}}
  %r = dit.fused row (%a = %x) : (tensor<?x4x8xf32>) -> tensor<?x4x8xf32> {
    %w = dit.weight "w" : tensor<4x8xf32>
    %0 = dit.add %a, %w : tensor<?x4x8xf32>, tensor<4x8xf32>
    dit.yield %0 : tensor<?x4x8xf32>
  }
  return
}

// -----

// (C4)
func.func @region_inside(%x: tensor<?x4x8xf32>) {
  // expected-error@below {{cannot hold dit.fused}}
  %r = dit.fused row (%a = %x) : (tensor<?x4x8xf32>) -> tensor<?x4x8xf32> {
    %0 = dit.fused row (%b = %a) : (tensor<?x4x8xf32>) -> tensor<?x4x8xf32> {
      %1 = dit.silu %b : tensor<?x4x8xf32>
      dit.yield %1 : tensor<?x4x8xf32>
    }
    dit.yield %0 : tensor<?x4x8xf32>
  }
  return
}

// -----

// Isolated from above: everything comes in as an operand.
func.func @captures(%x: tensor<?x4x8xf32>) {
  // expected-note@below {{required by region isolation constraints}}
  %r = dit.fused row () : () -> tensor<?x4x8xf32> {
    // expected-error@below {{using value defined outside the region}}
    %0 = dit.silu %x : tensor<?x4x8xf32>
    dit.yield %0 : tensor<?x4x8xf32>
  }
  return
}

// -----

// The syntax counts.
func.func @input_types(%x: tensor<?x4x8xf32>) {
  // expected-error@below {{expected 1 input types, got 2}}
  %r = dit.fused row (%a = %x) : (tensor<?x4x8xf32>, tensor<?x4x8xf32>) -> tensor<?x4x8xf32> {
    dit.yield %a : tensor<?x4x8xf32>
  }
  return
}

// -----

// A region ends with dit.yield.
func.func @no_terminator(%x: tensor<?x4x8xf32>) {
  %r = "dit.fused"(%x) <{kind = 0 : i32}> ({
  ^bb0(%a: tensor<?x4x8xf32>):
    // expected-error@below {{block with no terminator}}
    %0 = dit.silu %a : tensor<?x4x8xf32>
  }) : (tensor<?x4x8xf32>) -> tensor<?x4x8xf32>
  return
}
