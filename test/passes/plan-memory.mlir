// RUN: dit-opt %s --dit-plan-memory --split-input-file | FileCheck %s

// Three values in a chain, 128 bytes a sample each, share 256; the second reader
// of %0 keeps it alive; what is returned is the caller's.
module {
  // CHECK: module attributes {dit.phase = "planned"}
  // CHECK-LABEL: @denoise
  // CHECK-SAME:    dit.arena_bytes = 256 : i64, dit.live_bytes = 256 : i64
  func.func @denoise(%x: tensor<?x4x8xf32> {dit.name = "x", dit.from = "input"}) -> (tensor<?x4x8xf32> {dit.name = "out"}) {
    // CHECK: offsets = array<i64: [[A:0|128]]>
    %0 = dit.fused row (%a = %x) : (tensor<?x4x8xf32>) -> tensor<?x4x8xf32> {
      %r = dit.silu %a : tensor<?x4x8xf32>
      dit.yield %r : tensor<?x4x8xf32>
    }
    // CHECK-NOT: offsets = array<i64: [[A]]>
    %1 = dit.fused row (%a = %0) : (tensor<?x4x8xf32>) -> tensor<?x4x8xf32> {
      %r = dit.silu %a : tensor<?x4x8xf32>
      dit.yield %r : tensor<?x4x8xf32>
    }
    // CHECK: offsets = array<i64: [[A]]>
    %2 = dit.fused row (%a = %1) : (tensor<?x4x8xf32>) -> tensor<?x4x8xf32> {
      %r = dit.silu %a : tensor<?x4x8xf32>
      dit.yield %r : tensor<?x4x8xf32>
    }
    // CHECK: offsets = array<i64: -1>
    %3 = dit.fused row (%a = %2, %b = %1) : (tensor<?x4x8xf32>, tensor<?x4x8xf32>) -> tensor<?x4x8xf32> {
      %r = dit.add %a, %b : tensor<?x4x8xf32>, tensor<?x4x8xf32>
      dit.yield %r : tensor<?x4x8xf32>
    }
    return %3 : tensor<?x4x8xf32>
  }
}

// -----

// A view keeps its base alive: all three are live at once. 6x5 floats are 120
// bytes, rounded up to 128.
module {
  // CHECK-LABEL: @denoise
  // CHECK-SAME:    dit.arena_bytes = 384 : i64
  func.func @denoise(%x: tensor<?x6x5xf32> {dit.name = "x", dit.from = "input"}) -> (tensor<?x2x5xf32> {dit.name = "out"}) {
    %0 = dit.fused row (%a = %x) : (tensor<?x6x5xf32>) -> tensor<?x6x5xf32> {
      %r = dit.silu %a : tensor<?x6x5xf32>
      dit.yield %r : tensor<?x6x5xf32>
    }
    %v = dit.slice %0 dim 1 offset 4 : tensor<?x6x5xf32> -> tensor<?x2x5xf32>
    %1 = dit.fused row (%a = %x) : (tensor<?x6x5xf32>) -> tensor<?x6x5xf32> {
      %r = dit.silu %a : tensor<?x6x5xf32>
      dit.yield %r : tensor<?x6x5xf32>
    }
    %2 = dit.fused row (%a = %1) : (tensor<?x6x5xf32>) -> tensor<?x6x5xf32> {
      %r = dit.silu %a : tensor<?x6x5xf32>
      dit.yield %r : tensor<?x6x5xf32>
    }
    %w = dit.slice %2 dim 1 offset 4 : tensor<?x6x5xf32> -> tensor<?x2x5xf32>
    %3 = dit.fused row (%a = %v, %b = %w) : (tensor<?x2x5xf32>, tensor<?x2x5xf32>) -> tensor<?x2x5xf32> {
      %r = dit.add %a, %b : tensor<?x2x5xf32>, tensor<?x2x5xf32>
      dit.yield %r : tensor<?x2x5xf32>
    }
    return %3 : tensor<?x2x5xf32>
  }
}

// -----

// Results of @prepare live for ever; results of @condition stand side by side
// in a row, each at a multiple of 16 floats.
module {
  // CHECK-LABEL: @prepare
  // CHECK-SAME:    dit.arena_bytes = 192 : i64
  // CHECK-DAG:     offsets = array<i64: {{64|0}}>
  // CHECK-DAG:     offsets = array<i64: {{128|0}}>
  func.func @prepare() -> (tensor<3xf32> {dit.name = "a"}, tensor<20xf32> {dit.name = "b"}) {
    %0 = dit.weight "a" : tensor<3xf32>
    %1 = dit.fused pack (%a = %0) : (tensor<3xf32>) -> tensor<3xf32> {
      %r = dit.pack %a : tensor<3xf32> -> tensor<3xf32>
      dit.yield %r : tensor<3xf32>
    }
    %2 = dit.weight "b" : tensor<20xf32>
    %3 = dit.fused pack (%a = %2) : (tensor<20xf32>) -> tensor<20xf32> {
      %r = dit.pack %a : tensor<20xf32> -> tensor<20xf32>
      dit.yield %r : tensor<20xf32>
    }
    return %1, %3 : tensor<3xf32>, tensor<20xf32>
  }
  // CHECK-LABEL: @condition
  // CHECK-SAME:    (tensor<?x20xf32> {dit.name = "c", dit.slot = 0 : i64}, tensor<?x6xf32> {dit.name = "d", dit.slot = 32 : i64}, tensor<?x20xf32> {dit.name = "e", dit.slot = 48 : i64})
  // CHECK-SAME:    dit.arena_bytes = 0 : i64
  // CHECK-SAME:    dit.row_floats = 80 : i64
  func.func @condition(%t: tensor<?xf32> {dit.every = "condition", dit.name = "t", dit.from = "input"}) -> (tensor<?x20xf32> {dit.name = "c"}, tensor<?x6xf32> {dit.name = "d"}, tensor<?x20xf32> {dit.name = "e"}) {
    %0 = dit.fused row (%a = %t) : (tensor<?xf32>) -> tensor<?x20xf32> {
      %r = dit.timestep_embedding %a max_period 1.0e+04 shift 0 : tensor<?xf32> -> tensor<?x20xf32>
      dit.yield %r : tensor<?x20xf32>
    }
    %1 = dit.fused row (%a = %t) : (tensor<?xf32>) -> tensor<?x6xf32> {
      %r = dit.timestep_embedding %a max_period 1.0e+04 shift 0 : tensor<?xf32> -> tensor<?x6xf32>
      dit.yield %r : tensor<?x6xf32>
    }
    %2 = dit.fused row (%a = %0) : (tensor<?x20xf32>) -> tensor<?x20xf32> {
      %r = dit.silu %a : tensor<?x20xf32>
      dit.yield %r : tensor<?x20xf32>
    }
    return %0, %1, %2 : tensor<?x20xf32>, tensor<?x6xf32>, tensor<?x20xf32>
  }
}
