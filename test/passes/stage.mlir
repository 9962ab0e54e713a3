// RUN: dit-opt-test %s --dit-stage --split-input-file | FileCheck %s

// What moves is what the operands prove: the ops here are known to no pass.
module {
  // CHECK-LABEL: @prepare
  // CHECK-SAME:    () -> (tensor<5xf32> {dit.name = "constant"})
  // CHECK:         %[[P:.*]] = "test.pure"() : () -> tensor<3xf32>
  // CHECK:         %[[Q:.*]] = "test.pure"(%[[P]]) : (tensor<3xf32>) -> tensor<5xf32>
  // CHECK:         return %[[Q]]

  // CHECK-LABEL: @condition
  // CHECK-SAME:    (%[[T:.*]]: tensor<?xf32> {dit.every = "condition", dit.from = "input", dit.name = "t"}, %[[Y:.*]]: tensor<?xi32> {dit.every = "condition", dit.from = "input", dit.name = "y"}
  // CHECK-SAME:     %[[QC:.*]]: tensor<5xf32> {dit.from = "prepare", dit.name = "constant"})
  // CHECK-SAME:    -> (tensor<?x7xf32> {dit.name = "once_a_condition"})
  // CHECK:         %[[C:.*]] = "test.pure"(%[[T]], %[[Y]], %[[QC]])
  // CHECK:         return %[[C]]

  // CHECK-LABEL: @denoise
  // CHECK-SAME:    (%[[X:.*]]: tensor<?x3x4x6xf32> {dit.from = "input", dit.name = "x"},
  // CHECK-SAME:     %[[CD:.*]]: tensor<?x7xf32> {dit.from = "condition", dit.name = "once_a_condition"},
  // CHECK-SAME:     %[[QD:.*]]: tensor<5xf32> {dit.from = "prepare", dit.name = "constant"})
  // CHECK-SAME:    -> (tensor<?x2xf32> {dit.name = "out"})
  // CHECK:         %[[D:.*]] = "test.pure"(%[[X]], %[[CD]], %[[QD]])
  // CHECK:         return %[[D]]
  func.func @denoise(%x: tensor<?x3x4x6xf32> {dit.name = "x", dit.from = "input"},
                     %t: tensor<?xf32> {dit.every = "condition", dit.name = "t", dit.from = "input"},
                     %y: tensor<?xi32> {dit.every = "condition", dit.name = "y", dit.from = "input"}) -> (tensor<?x2xf32> {dit.name = "out"}) {
    %p = "test.pure"() : () -> tensor<3xf32>
    %q = "test.pure"(%p) : (tensor<3xf32>) -> tensor<5xf32> loc("constant")
    %c = "test.pure"(%t, %y, %q) : (tensor<?xf32>, tensor<?xi32>, tensor<5xf32>) -> tensor<?x7xf32> loc("once_a_condition")
    %d = "test.pure"(%x, %c, %q) : (tensor<?x3x4x6xf32>, tensor<?x7xf32>, tensor<5xf32>) -> tensor<?x2xf32>
    return %d : tensor<?x2xf32>
  }
}

// -----

// Side effects stay where they are, with all that reads them.
module {
  // CHECK-LABEL: @prepare
  // CHECK-SAME:    () {
  // CHECK-NOT:   @condition
  // CHECK-LABEL: @denoise
  // CHECK:         %[[E:.*]] = "test.effect"()
  // CHECK:         "test.pure"(%[[E]])
  func.func @denoise(%x: tensor<?x3x4x6xf32> {dit.name = "x", dit.from = "input"}) -> (tensor<5xf32> {dit.name = "out"}) {
    %e = "test.effect"() : () -> tensor<3xf32>
    %q = "test.pure"(%e) : (tensor<3xf32>) -> tensor<5xf32>
    return %q : tensor<5xf32>
  }
}

// -----

// A view is recomputed on the side that reads it: what crosses is the joined
// projection, once, and two values of one name are told apart.
module {
  // CHECK-LABEL: @prepare
  // CHECK-SAME:    -> (tensor<16x8xf32> {dit.name = "w"}, tensor<4x8xf32> {dit.name = "w_1"})
  // CHECK-NOT:     dit.reshape
  // CHECK-LABEL: @condition
  // CHECK-SAME:    -> (tensor<?x16xf32> {dit.name = "adaln"})
  // CHECK-NOT:     dit.slice
  // CHECK-LABEL: @denoise
  // CHECK-SAME:    (%[[X:.*]]: tensor<?x4x8xf32> {{.*}}, %[[ADA:.*]]: tensor<?x16xf32> {{.*}}"condition"{{.*}}, %[[W:.*]]: tensor<4x8xf32> {{.*}}"prepare", dit.name = "w_1"
  // CHECK-DAG:     %[[SHIFT:.*]] = dit.slice %[[ADA]] dim 1 offset 0
  // CHECK-DAG:     %[[SCALE:.*]] = dit.slice %[[ADA]] dim 1 offset 8
  // CHECK-DAG:     dit.modulate %[[X]] shift(%[[SHIFT]]) scale(%[[SCALE]])
  // CHECK-DAG:     dit.reshape %[[W]]
  func.func @denoise(%x: tensor<?x4x8xf32> {dit.name = "x", dit.from = "input"},
                     %t: tensor<?xf32> {dit.every = "condition", dit.name = "t", dit.from = "input"}) -> (tensor<?x4x8xf32> {dit.name = "out"}) {
    %w = dit.weight "w" : tensor<16x8xf32>
    %e = dit.timestep_embedding %t max_period 1.0e+04 shift 0 : tensor<?xf32> -> tensor<?x8xf32>
    %a = dit.linear %e weight(%w) : (tensor<?x8xf32>, tensor<16x8xf32>) -> tensor<?x16xf32> loc("adaln")
    %shift = dit.slice %a dim 1 offset 0 : tensor<?x16xf32> -> tensor<?x8xf32>
    %scale = dit.slice %a dim 1 offset 8 : tensor<?x16xf32> -> tensor<?x8xf32>
    %m = dit.modulate %x shift(%shift) scale(%scale) : tensor<?x4x8xf32>, tensor<?x8xf32>
    %v = "test.pure"() : () -> tensor<4x8xf32> loc("w")
    %r = dit.reshape %v : tensor<4x8xf32> -> tensor<8x4xf32>
    %f = dit.reshape %r : tensor<8x4xf32> -> tensor<4x8xf32>
    %o = dit.add %m, %f : tensor<?x4x8xf32>, tensor<4x8xf32>
    return %o : tensor<?x4x8xf32>
  }
}

// -----

// A function for each rate that has work, each reading what slower ones made. An
// input that a faster function reads is told to that function, too: the mask.
module {
  // CHECK-LABEL: @prepare
  // CHECK-SAME:    () -> (tensor<8x4xf32> {dit.name = "w"})
  // CHECK-LABEL: @prompt
  // CHECK-SAME:    (%[[TEXT:.*]]: tensor<?x4xf32> {dit.every = "prompt", dit.from = "input", dit.name = "text"}, %[[W:.*]]: tensor<8x4xf32> {dit.from = "prepare", dit.name = "w"})
  // CHECK-SAME:    -> (tensor<?x8xf32> {dit.name = "keys"})
  // CHECK:         dit.linear %[[TEXT]]
  // CHECK-LABEL: @condition
  // CHECK-SAME:    (%[[T:.*]]: tensor<?xf32> {{.*}}"t"}, %[[K:.*]]: tensor<?x8xf32> {dit.from = "prompt", dit.name = "keys"})
  // CHECK-SAME:    -> (tensor<?x8xf32> {dit.name = "c"})
  // CHECK:         dit.timestep_embedding %[[T]]
  // CHECK-LABEL: @denoise
  // CHECK-SAME:    (%[[X:.*]]: tensor<?x8xf32> {{.*}}"x"}, %[[MASK:.*]]: tensor<?x8xf32> {dit.every = "prompt", dit.from = "input", dit.name = "mask"}
  // CHECK-SAME:     %{{.*}}: tensor<?x8xf32> {dit.from = "condition", dit.name = "c"}, %{{.*}}: tensor<?x8xf32> {dit.from = "prompt", dit.name = "keys"})
  // CHECK:         dit.mul %[[X]], %[[MASK]]
  func.func @denoise(%x: tensor<?x8xf32> {dit.name = "x", dit.from = "input", dit.every = "step"},
                     %t: tensor<?xf32> {dit.name = "t", dit.from = "input", dit.every = "condition"},
                     %text: tensor<?x4xf32> {dit.name = "text", dit.from = "input", dit.every = "prompt"},
                     %mask: tensor<?x8xf32> {dit.name = "mask", dit.from = "input", dit.every = "prompt"}) -> (tensor<?x8xf32> {dit.name = "out"}) {
    %w = dit.weight "w" : tensor<8x4xf32>
    %k = dit.linear %text weight(%w) : (tensor<?x4xf32>, tensor<8x4xf32>) -> tensor<?x8xf32> loc("keys")
    %e = dit.timestep_embedding %t max_period 1.0e+04 shift 0 : tensor<?xf32> -> tensor<?x8xf32>
    %c = dit.add %e, %k : tensor<?x8xf32>, tensor<?x8xf32> loc("c")
    %m = dit.mul %x, %mask : tensor<?x8xf32>, tensor<?x8xf32>
    %n = dit.add %m, %c : tensor<?x8xf32>, tensor<?x8xf32>
    %o = dit.add %n, %k : tensor<?x8xf32>, tensor<?x8xf32>
    return %o : tensor<?x8xf32>
  }
}
