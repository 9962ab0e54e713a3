// RUN: dit-opt %s --dit-fuse-gated-residual | FileCheck %s
// RUN: dit-opt %s --dit-fuse-gated-residual -o %t && dit-check %s %t | FileCheck %s --check-prefix=SAME
// SAME: same: {{.*}} error 0,

// CHECK-LABEL: @gate_add_norm_modulate
// CHECK-SAME:    (%[[X:.*]]: tensor<?x4x8xf32>, %[[BRANCH:.*]]: tensor<?x4x8xf32>, %[[G:.*]]: tensor<?x8xf32>, %[[SHIFT:.*]]: tensor<?x8xf32>, %[[SCALE:.*]]: tensor<?x8xf32>)
func.func @gate_add_norm_modulate(%x: tensor<?x4x8xf32>, %branch: tensor<?x4x8xf32>, %g: tensor<?x8xf32>, %shift: tensor<?x8xf32>, %scale: tensor<?x8xf32>) -> (tensor<?x4x8xf32>, tensor<?x4x8xf32>) {
  // CHECK: %[[R:.*]]:2 = dit.fused row (%[[A0:.*]] = %[[BRANCH]], %[[A1:.*]] = %[[G]], %[[A2:.*]] = %[[X]], %[[A3:.*]] = %[[SHIFT]], %[[A4:.*]] = %[[SCALE]])
  // CHECK:   %[[GATED:.*]] = dit.gate %[[A0]] gate(%[[A1]])
  // CHECK:   %[[SUM:.*]] = dit.add %[[A2]], %[[GATED]]
  // CHECK:   %[[N:.*]] = dit.layer_norm %[[SUM]]
  // CHECK:   %[[M:.*]] = dit.modulate %[[N]] shift(%[[A3]]) scale(%[[A4]])
  // CHECK:   dit.yield %[[SUM]], %[[M]]
  // CHECK: return %[[R]]#0, %[[R]]#1
  %b = dit.gate %branch gate(%g) : tensor<?x4x8xf32>, tensor<?x8xf32>
  %s = dit.add %x, %b : tensor<?x4x8xf32>, tensor<?x4x8xf32>
  %n = dit.layer_norm %s eps 1.0e-06 : tensor<?x4x8xf32>
  %h = dit.modulate %n shift(%shift) scale(%scale) : tensor<?x4x8xf32>, tensor<?x8xf32>
  return %s, %h : tensor<?x4x8xf32>, tensor<?x4x8xf32>
}

// A block without gates.
// CHECK-LABEL: @add_norm
func.func @add_norm(%x: tensor<?x4x8xf32>, %branch: tensor<?x4x8xf32>) -> (tensor<?x4x8xf32>, tensor<?x4x8xf32>) {
  // CHECK: dit.fused row
  // CHECK:   dit.add
  // CHECK:   dit.layer_norm
  // CHECK:   dit.yield
  %s = dit.add %x, %branch : tensor<?x4x8xf32>, tensor<?x4x8xf32>
  %n = dit.layer_norm %s eps 1.0e-06 : tensor<?x4x8xf32>
  return %s, %n : tensor<?x4x8xf32>, tensor<?x4x8xf32>
}

// The last block: nothing normalises the sum here.
// CHECK-LABEL: @gate_add
func.func @gate_add(%x: tensor<?x4x8xf32>, %branch: tensor<?x4x8xf32>, %g: tensor<?x8xf32>) -> tensor<?x4x8xf32> {
  // CHECK: dit.fused row
  // CHECK:   dit.gate
  // CHECK:   dit.add
  // CHECK:   dit.yield
  %b = dit.gate %branch gate(%g) : tensor<?x4x8xf32>, tensor<?x8xf32>
  %s = dit.add %x, %b : tensor<?x4x8xf32>, tensor<?x4x8xf32>
  return %s : tensor<?x4x8xf32>
}

// The sum is also read between add and norm; that reader moves behind the region.
// CHECK-LABEL: @reader_between
func.func @reader_between(%x: tensor<?x4x8xf32>, %branch: tensor<?x4x8xf32>, %g: tensor<?x8xf32>) -> (tensor<?x4x8xf32>, tensor<?x4x8xf32>) {
  // CHECK: %[[R:.*]]:2 = dit.fused row
  // CHECK: dit.gelu tanh %[[R]]#0
  %b = dit.gate %branch gate(%g) : tensor<?x4x8xf32>, tensor<?x8xf32>
  %s = dit.add %x, %b : tensor<?x4x8xf32>, tensor<?x4x8xf32>
  %o = dit.gelu tanh %s : tensor<?x4x8xf32>
  %n = dit.layer_norm %s eps 1.0e-06 : tensor<?x4x8xf32>
  return %o, %n : tensor<?x4x8xf32>, tensor<?x4x8xf32>
}

// So it does when the region reads what is computed behind it.
// CHECK-LABEL: @operand_behind_a_reader
func.func @operand_behind_a_reader(%x: tensor<?x4x8xf32>, %branch: tensor<?x4x8xf32>, %c: tensor<?x8xf32>) -> (tensor<?x4x8xf32>, tensor<?x4x8xf32>) {
  // CHECK: %[[SCALE:.*]] = dit.silu
  // CHECK: %[[R:.*]]:2 = dit.fused row ({{.*}} = %[[SCALE]])
  // CHECK: dit.gelu tanh %[[R]]#0
  %s = dit.add %x, %branch : tensor<?x4x8xf32>, tensor<?x4x8xf32>
  %o = dit.gelu tanh %s : tensor<?x4x8xf32>
  %scale = dit.silu %c : tensor<?x8xf32>
  %n = dit.layer_norm %s eps 1.0e-06 : tensor<?x4x8xf32>
  %h = dit.modulate %n shift(%c) scale(%scale) : tensor<?x4x8xf32>, tensor<?x8xf32>
  return %o, %h : tensor<?x4x8xf32>, tensor<?x4x8xf32>
}

// CHECK-LABEL: @keep_position_add
func.func @keep_position_add(%x: tensor<?x4x8xf32>, %table: tensor<4x8xf32>) -> tensor<?x4x8xf32> {
  // CHECK-NOT: dit.fused
  %s = dit.add %x, %table : tensor<?x4x8xf32>, tensor<4x8xf32>
  %n = dit.layer_norm %s eps 1.0e-06 : tensor<?x4x8xf32>
  return %n : tensor<?x4x8xf32>
}
