// RUN: dit-opt %s --dit-plan-memory --split-input-file | FileCheck %s
// RUN: dit-opt %s --dit-plan-memory=tables-at=1000 --split-input-file | FileCheck %s --check-prefix=APART

// What depends on no weight lies behind what does, wherever it is computed; for
// another size of the model behind the tables of the sizes before it, with the
// weights where they were.
module {
  // CHECK-LABEL: @prepare
  // CHECK-SAME:    dit.arena_bytes = 320 : i64, dit.live_bytes = 320 : i64, dit.shared_bytes = 128 : i64
  // APART-LABEL: @prepare
  // APART-SAME:    dit.arena_bytes = 1216 : i64, dit.live_bytes = 320 : i64, dit.shared_bytes = 128 : i64
  func.func @prepare() -> (tensor<6x8xf32> {dit.name = "pos"}, tensor<20xf32> {dit.name = "b"}) {
    // CHECK: sincos_position
    // CHECK: offsets = array<i64: 128>
    // APART: sincos_position
    // APART: offsets = array<i64: 1024>
    %pos = dit.fused row () : () -> tensor<6x8xf32> {
      %r = dit.sincos_position grid 2 x 3 : tensor<6x8xf32>
      dit.yield %r : tensor<6x8xf32>
    }
    // CHECK: dit.pack
    // CHECK: offsets = array<i64: 0>
    // APART: dit.pack
    // APART: offsets = array<i64: 0>
    %w = dit.weight "b" : tensor<20xf32>
    %b = dit.fused pack (%a = %w) : (tensor<20xf32>) -> tensor<20xf32> {
      %r = dit.pack %a : tensor<20xf32> -> tensor<20xf32>
      dit.yield %r : tensor<20xf32>
    }
    return %pos, %b : tensor<6x8xf32>, tensor<20xf32>
  }
}

// -----

// A table that something of a weight is computed from has to be there before
// it, so both are shared; there is no other.
module {
  // CHECK-LABEL: @prepare
  // CHECK-SAME:    dit.arena_bytes = 384 : i64, dit.live_bytes = 384 : i64, dit.shared_bytes = 384 : i64
  // APART-LABEL: @prepare
  // APART-SAME:    dit.arena_bytes = 384 : i64, dit.live_bytes = 384 : i64, dit.shared_bytes = 384 : i64
  func.func @prepare() -> (tensor<6x8xf32> {dit.name = "sum"}) {
    %pos = dit.fused row () : () -> tensor<6x8xf32> {
      %r = dit.sincos_position grid 2 x 3 : tensor<6x8xf32>
      dit.yield %r : tensor<6x8xf32>
    }
    %v = dit.reshape %pos : tensor<6x8xf32> -> tensor<6x8xf32>
    %w = dit.weight "w" : tensor<6x8xf32>
    %sum = dit.fused row (%a = %v, %b = %w) : (tensor<6x8xf32>, tensor<6x8xf32>) -> tensor<6x8xf32> {
      %r = dit.add %a, %b : tensor<6x8xf32>, tensor<6x8xf32>
      dit.yield %r : tensor<6x8xf32>
    }
    return %sum : tensor<6x8xf32>
  }
}
