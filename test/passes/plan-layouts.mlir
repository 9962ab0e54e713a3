// RUN: dit-opt %s --dit-choose-matmuls=panel=5 --dit-plan-layouts --split-input-file | FileCheck %s
// RUN: dit-opt %s --dit-choose-matmuls=panel=5 --dit-plan-layouts --split-input-file -o %t && dit-check %s %t | FileCheck %s --check-prefix=SAME
// SAME-COUNT-5: same: {{.*}} error 0,

// One region reads two weights, joins them and packs: 16 features are 4 panels
// of 5. The bias is copied, so that the checkpoint can be let go.
module {
  // CHECK-LABEL: @prepare
  // CHECK-SAME:    -> (tensor<3xf32> {dit.name = "bias"}, tensor<4x8x5xf32> {dit.name = "w.packed"})
  // CHECK-DAG:     %[[W0:.*]] = dit.weight "w0"
  // CHECK-DAG:     %[[W1:.*]] = dit.weight "w1"
  // CHECK:         %[[P:.*]] = dit.fused pack (%[[A:.*]] = %[[W0]], %[[B:.*]] = %[[W1]])
  // CHECK-NEXT:      %[[C:.*]] = dit.concat %[[A]], %[[B]] dim 0
  // CHECK-NEXT:      dit.pack %[[C]] layout<panel = 5> : tensor<16x8xf32> -> tensor<4x8x5xf32>
  // CHECK:         %[[W2:.*]] = dit.weight "bias"
  // CHECK-NEXT:    %[[Q:.*]] = dit.fused pack (%[[D:.*]] = %[[W2]])
  // CHECK-NEXT:      dit.pack %[[D]] : tensor<3xf32> -> tensor<3xf32>
  // CHECK:         return %[[Q]], %[[P]]
  func.func @prepare() -> (tensor<16x8xf32> {dit.name = "w"}, tensor<3xf32> {dit.name = "bias"}) {
    %b = dit.weight "bias" : tensor<3xf32>
    %w0 = dit.weight "w0" : tensor<6x8xf32>
    %w1 = dit.weight "w1" : tensor<10x8xf32>
    %w = dit.fused pack (%p = %w0, %q = %w1) : (tensor<6x8xf32>, tensor<10x8xf32>) -> tensor<16x8xf32> {
      %0 = dit.concat %p, %q dim 0 : tensor<6x8xf32>, tensor<10x8xf32> -> tensor<16x8xf32>
      dit.yield %0 : tensor<16x8xf32>
    }
    return %w, %b : tensor<16x8xf32>, tensor<3xf32>
  }
  func.func @condition() {
    return
  }
  // CHECK-LABEL: @denoise
  // CHECK-SAME:    %[[B:.*]]: tensor<3xf32> {dit.from = "prepare", dit.name = "bias"}, %[[W:.*]]: tensor<4x8x5xf32> {dit.from = "prepare", dit.name = "w.packed"})
  // CHECK:         dit.fused linear ({{.*}} = %{{.*}}, %[[A:.*]] = %[[W]])
  // CHECK:           dit.linear %{{.*}} weight(%[[A]]) matmul<multiply = f32, layout = <panel = 5>> : (tensor<?x4x8xf32>, tensor<4x8x5xf32>) -> tensor<?x4x16xf32>
  func.func @denoise(%x: tensor<?x4x8xf32> {dit.name = "x", dit.from = "input"}, %w: tensor<16x8xf32> {dit.name = "w", dit.from = "prepare"}, %b: tensor<3xf32> {dit.name = "bias", dit.from = "prepare"}) -> (tensor<?x4x16xf32> {dit.name = "out"}, tensor<?x3xf32> {dit.name = "sum"}) {
    %l = dit.fused linear (%a = %x, %v = %w) : (tensor<?x4x8xf32>, tensor<16x8xf32>) -> tensor<?x4x16xf32> {
      %0 = dit.linear %a weight(%v) : (tensor<?x4x8xf32>, tensor<16x8xf32>) -> tensor<?x4x16xf32>
      dit.yield %0 : tensor<?x4x16xf32>
    }
    %r = dit.reshape %l : tensor<?x4x16xf32> -> tensor<?x64xf32>
    %s = dit.slice %r dim 1 offset 2 : tensor<?x64xf32> -> tensor<?x3xf32>
    %t = dit.fused row (%c = %s, %d = %b) : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32> {
      %0 = dit.add %c, %d : tensor<?x3xf32>, tensor<3xf32>
      dit.yield %0 : tensor<?x3xf32>
    }
    return %l, %t : tensor<?x4x16xf32>, tensor<?x3xf32>
  }
}

// -----

// A view of a weight is packed as the linear sees it; a weight that is also read
// as it is, crosses in both forms.
module {
  // CHECK-LABEL: @prepare
  // CHECK-SAME:    -> (tensor<8x8xf32> {dit.name = "w"}, tensor<1x16x5xf32> {dit.name = "w.packed"}, tensor<2x8x5xf32> {dit.name = "w.packed_1"})
  // CHECK:           %[[R:.*]] = dit.reshape %{{.*}} : tensor<8x8xf32> -> tensor<4x16xf32>
  // CHECK:           dit.pack %[[R]] layout<panel = 5> : tensor<4x16xf32> -> tensor<1x16x5xf32>
  // CHECK:           dit.pack %{{.*}} layout<panel = 5> : tensor<8x8xf32> -> tensor<2x8x5xf32>
  func.func @prepare() -> (tensor<8x8xf32> {dit.name = "w"}) {
    %w = dit.weight "w" : tensor<8x8xf32>
    return %w : tensor<8x8xf32>
  }
  func.func @condition() {
    return
  }
  // CHECK-LABEL: @denoise
  // CHECK-NOT:     dit.reshape
  func.func @denoise(%x: tensor<?x8x16xf32> {dit.name = "x", dit.from = "input"}, %w: tensor<8x8xf32> {dit.name = "w", dit.from = "prepare"}) -> (tensor<?x8x4xf32> {dit.name = "out"}, tensor<?x8x8xf32> {dit.name = "sum"}) {
    %v = dit.reshape %w : tensor<8x8xf32> -> tensor<4x16xf32>
    %l = dit.fused linear (%a = %x, %b = %v) : (tensor<?x8x16xf32>, tensor<4x16xf32>) -> tensor<?x8x4xf32> {
      %0 = dit.linear %a weight(%b) : (tensor<?x8x16xf32>, tensor<4x16xf32>) -> tensor<?x8x4xf32>
      dit.yield %0 : tensor<?x8x4xf32>
    }
    %h = dit.slice %x dim 2 offset 3 : tensor<?x8x16xf32> -> tensor<?x8x8xf32>
    %s = dit.fused row (%a = %h, %b = %w) : (tensor<?x8x8xf32>, tensor<8x8xf32>) -> tensor<?x8x8xf32> {
      %0 = dit.add %a, %b : tensor<?x8x8xf32>, tensor<8x8xf32>
      dit.yield %0 : tensor<?x8x8xf32>
    }
    %m = dit.fused linear (%a = %s, %b = %w) : (tensor<?x8x8xf32>, tensor<8x8xf32>) -> tensor<?x8x8xf32> {
      %0 = dit.linear %a weight(%b) : (tensor<?x8x8xf32>, tensor<8x8xf32>) -> tensor<?x8x8xf32>
      dit.yield %0 : tensor<?x8x8xf32>
    }
    return %l, %m : tensor<?x8x4xf32>, tensor<?x8x8xf32>
  }
}

// -----

// Two linears that read one weight read one packed weight.
module {
  // CHECK-LABEL: @prepare
  // CHECK-SAME:    -> (tensor<2x8x5xf32> {dit.name = "w.packed"})
  func.func @prepare() -> (tensor<8x8xf32> {dit.name = "w"}) {
    %w = dit.weight "w" : tensor<8x8xf32>
    return %w : tensor<8x8xf32>
  }
  func.func @condition() {
    return
  }
  // CHECK-LABEL: @denoise
  // CHECK-SAME:    (%{{.*}}: {{.*}}, %[[W:.*]]: tensor<2x8x5xf32> {dit.from = "prepare", dit.name = "w.packed"})
  // CHECK:         dit.fused linear ({{.*}} = %[[W]])
  // CHECK:         dit.fused linear ({{.*}} = %[[W]])
  func.func @denoise(%x: tensor<?x4x8xf32> {dit.name = "x", dit.from = "input"}, %w: tensor<8x8xf32> {dit.name = "w", dit.from = "prepare"}) -> (tensor<?x4x8xf32> {dit.name = "out"}) {
    %l = dit.fused linear (%a = %x, %b = %w) : (tensor<?x4x8xf32>, tensor<8x8xf32>) -> tensor<?x4x8xf32> {
      %0 = dit.linear %a weight(%b) : (tensor<?x4x8xf32>, tensor<8x8xf32>) -> tensor<?x4x8xf32>
      dit.yield %0 : tensor<?x4x8xf32>
    }
    %m = dit.fused linear (%a = %l, %b = %w) : (tensor<?x4x8xf32>, tensor<8x8xf32>) -> tensor<?x4x8xf32> {
      %0 = dit.linear %a weight(%b) : (tensor<?x4x8xf32>, tensor<8x8xf32>) -> tensor<?x4x8xf32>
      dit.yield %0 : tensor<?x4x8xf32>
    }
    return %m : tensor<?x4x8xf32>
  }
}

// -----

// A slice stays outside the region: it is a view of what lies in memory anyway.
// Two slices of one weight are packed apart.
module {
  // CHECK-LABEL: @prepare
  // CHECK-SAME:    -> (tensor<1x8x5xf32> {dit.name = "w.packed"}, tensor<1x8x5xf32> {dit.name = "w.packed_1"})
  // CHECK:         %[[S:.*]] = dit.slice %{{.*}} dim 0 offset 2 : tensor<6x8xf32> -> tensor<4x8xf32>
  // CHECK:         dit.fused pack (%{{.*}} = %[[S]])
  // CHECK:         %[[T:.*]] = dit.slice %{{.*}} dim 0 offset 1 : tensor<6x8xf32> -> tensor<4x8xf32>
  // CHECK:         dit.fused pack (%{{.*}} = %[[T]])
  func.func @prepare() -> (tensor<6x8xf32> {dit.name = "w"}) {
    %w = dit.weight "w" : tensor<6x8xf32>
    return %w : tensor<6x8xf32>
  }
  func.func @condition() {
    return
  }
  // CHECK-LABEL: @denoise
  // CHECK-NOT:     dit.slice
  func.func @denoise(%x: tensor<?x7x8xf32> {dit.name = "x", dit.from = "input"}, %w: tensor<6x8xf32> {dit.name = "w", dit.from = "prepare"}) -> (tensor<?x7x4xf32> {dit.name = "out"}, tensor<?x7x4xf32> {dit.name = "other"}) {
    %v = dit.slice %w dim 0 offset 2 : tensor<6x8xf32> -> tensor<4x8xf32>
    %l = dit.fused linear (%a = %x, %b = %v) : (tensor<?x7x8xf32>, tensor<4x8xf32>) -> tensor<?x7x4xf32> {
      %0 = dit.linear %a weight(%b) : (tensor<?x7x8xf32>, tensor<4x8xf32>) -> tensor<?x7x4xf32>
      dit.yield %0 : tensor<?x7x4xf32>
    }
    %u = dit.slice %w dim 0 offset 1 : tensor<6x8xf32> -> tensor<4x8xf32>
    %m = dit.fused linear (%a = %x, %b = %u) : (tensor<?x7x8xf32>, tensor<4x8xf32>) -> tensor<?x7x4xf32> {
      %0 = dit.linear %a weight(%b) : (tensor<?x7x8xf32>, tensor<4x8xf32>) -> tensor<?x7x4xf32>
      dit.yield %0 : tensor<?x7x4xf32>
    }
    return %l, %m : tensor<?x7x4xf32>, tensor<?x7x4xf32>
  }
}

// -----

// The region adds the weight as a table, too: it gets both forms.
module {
  // CHECK-LABEL: @prepare
  // CHECK-SAME:    -> (tensor<8x8xf32> {dit.name = "w"}, tensor<2x8x5xf32> {dit.name = "w.packed"})
  func.func @prepare() -> (tensor<8x8xf32> {dit.name = "w"}) {
    %w = dit.weight "w" : tensor<8x8xf32>
    return %w : tensor<8x8xf32>
  }
  func.func @condition() {
    return
  }
  // CHECK-LABEL: @denoise
  // CHECK-SAME:    %[[W:[a-z0-9]+]]: tensor<8x8xf32> {{[^%]*}}, %[[P:[a-z0-9]+]]: tensor<2x8x5xf32>
  // CHECK:         dit.fused linear ({{.*}}, %[[A:.*]] = %[[W]], %[[B:.*]] = %[[P]])
  // CHECK-NEXT:      dit.linear %{{.*}} weight(%[[B]])
  // CHECK-NEXT:      dit.add %{{.*}}, %[[A]]
  func.func @denoise(%x: tensor<?x8x8xf32> {dit.name = "x", dit.from = "input"}, %w: tensor<8x8xf32> {dit.name = "w", dit.from = "prepare"}) -> (tensor<?x8x8xf32> {dit.name = "out"}) {
    %l = dit.fused linear (%a = %x, %b = %w) : (tensor<?x8x8xf32>, tensor<8x8xf32>) -> tensor<?x8x8xf32> {
      %0 = dit.linear %a weight(%b) : (tensor<?x8x8xf32>, tensor<8x8xf32>) -> tensor<?x8x8xf32>
      %1 = dit.add %0, %b : tensor<?x8x8xf32>, tensor<8x8xf32>
      dit.yield %1 : tensor<?x8x8xf32>
    }
    return %l : tensor<?x8x8xf32>
  }
}
