// RUN: dit-opt %s --dit-join-linears --mlir-print-debuginfo --mlir-print-local-scope | FileCheck %s

// What all names end in names the joined one; each chunk keeps its own name.
// CHECK-LABEL: @adaln_of_two_blocks
func.func @adaln_of_two_blocks(%c: tensor<?x8xf32>) -> (tensor<?x6xf32>, tensor<?x4xf32>) {
  // CHECK: dit.concat {{.*}} loc("adaln.weight"
  // CHECK: dit.linear {{.*}} loc("adaln"(fused["blocks[0].adaln", "blocks[1].adaln"]))
  // CHECK-DAG: dit.slice {{.*}} offset 0 {{.*}} loc("blocks[0].adaln")
  // CHECK-DAG: dit.slice {{.*}} offset 6 {{.*}} loc("blocks[1].adaln")
  %w0 = dit.weight "w0" : tensor<6x8xf32>
  %w1 = dit.weight "w1" : tensor<4x8xf32>
  %p0 = dit.linear %c weight(%w0) : (tensor<?x8xf32>, tensor<6x8xf32>) -> tensor<?x6xf32> loc("blocks[0].adaln")
  %p1 = dit.linear %c weight(%w1) : (tensor<?x8xf32>, tensor<4x8xf32>) -> tensor<?x4xf32> loc("blocks[1].adaln")
  return %p0, %p1 : tensor<?x6xf32>, tensor<?x4xf32>
}

// CHECK-LABEL: @projections_of_one_block
func.func @projections_of_one_block(%x: tensor<?x4x8xf32>) -> (tensor<?x4x6xf32>, tensor<?x4x10xf32>) {
  // CHECK: dit.linear {{.*}} loc("blocks[3].q+k"(
  %w0 = dit.weight "w0" : tensor<6x8xf32>
  %w1 = dit.weight "w1" : tensor<10x8xf32>
  %p0 = dit.linear %x weight(%w0) : (tensor<?x4x8xf32>, tensor<6x8xf32>) -> tensor<?x4x6xf32> loc("blocks[3].q")
  %p1 = dit.linear %x weight(%w1) : (tensor<?x4x8xf32>, tensor<10x8xf32>) -> tensor<?x4x10xf32> loc("blocks[3].k")
  return %p0, %p1 : tensor<?x4x6xf32>, tensor<?x4x10xf32>
}
