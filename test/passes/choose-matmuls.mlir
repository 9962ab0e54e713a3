// RUN: dit-opt %s --dit-choose-matmuls="multiply=tf32 by=cublaslt panel=1" --split-input-file | FileCheck %s
// RUN: dit-opt %s --dit-choose-matmuls="multiply=bf16 group=2" --dit-choose-matmuls="panel=48 group=2" --split-input-file | FileCheck %s --check-prefix=BF16
// RUN: dit-opt %s --dit-choose-matmuls --split-input-file | FileCheck %s --check-prefix=PLAIN

// What runs every step, and what runs once a condition.
// CHECK-LABEL: @by_how_often_it_runs
// BF16-LABEL: @by_how_often_it_runs
// PLAIN-LABEL: @by_how_often_it_runs
func.func @denoise(%x: tensor<?x4x8xf32> {dit.name = "x"}, %t: tensor<?x8xf32> {dit.every = "condition", dit.name = "t"}) -> (tensor<?x4x24xf32>, tensor<?x24xf32>) attributes {test.claim = @by_how_often_it_runs} {
  %w = dit.weight "w" : tensor<24x8xf32>
  // CHECK: dit.linear %arg0 weight(%{{.*}}) matmul<multiply = tf32, by = cublaslt, layout = <panel = 1>> :
  // BF16: dit.linear %arg0 weight(%{{.*}}) matmul<multiply = bf16, layout = <panel = 48, group = 2>> :
  // PLAIN: dit.linear %arg0 weight(%{{.*}}) matmul<multiply = f32> :
  %h = dit.linear %x weight(%w) : (tensor<?x4x8xf32>, tensor<24x8xf32>) -> tensor<?x4x24xf32>
  // CHECK: dit.linear %arg1 weight(%{{.*}}) matmul<multiply = f32, layout = <panel = 1>> :
  // BF16: dit.linear %arg1 weight(%{{.*}}) matmul<multiply = f32, layout = <panel = 48>> :
  // PLAIN: dit.linear %arg1 weight(%{{.*}}) matmul<multiply = f32> :
  %c = dit.linear %t weight(%w) : (tensor<?x8xf32>, tensor<24x8xf32>) -> tensor<?x24xf32>
  return %h, %c : tensor<?x4x24xf32>, tensor<?x24xf32>
}

// -----

// CHECK-LABEL: @keep_what_reads_and_makes_patches
// BF16-LABEL: @keep_what_reads_and_makes_patches
func.func @denoise(%x: tensor<?x3x4x6xf32> {dit.name = "x"}) -> tensor<?x3x4x6xf32> attributes {test.claim = @keep_what_reads_and_makes_patches} {
  %p = dit.patchify %x patch 2 : tensor<?x3x4x6xf32> -> tensor<?x6x12xf32>
  %w = dit.weight "w" : tensor<8x12xf32>
  %v = dit.weight "v" : tensor<12x8xf32>
  // CHECK-COUNT-2: dit.linear {{.*}} matmul<multiply = f32, layout = <panel = 1>> :
  // BF16-COUNT-2: dit.linear {{.*}} matmul<multiply = f32, layout = <panel = 48>> :
  %e = dit.linear %p weight(%w) : (tensor<?x6x12xf32>, tensor<8x12xf32>) -> tensor<?x6x8xf32>
  %f = dit.linear %e weight(%v) : (tensor<?x6x8xf32>, tensor<12x8xf32>) -> tensor<?x6x12xf32>
  %o = dit.unpatchify %f patch 2 : tensor<?x6x12xf32> -> tensor<?x3x4x6xf32>
  return %o : tensor<?x3x4x6xf32>
}

// -----

// Seven features are neither words of 16 bytes nor pairs; of six columns cuBLASLt's rows are none, which
// the tensor cores do not mind; a slice's rows are apart.
// CHECK-LABEL: @by_what_fits
// BF16-LABEL: @by_what_fits
func.func @denoise(%x: tensor<?x4x7xf32> {dit.name = "x"}, %z: tensor<?x4x16xf32> {dit.name = "z"}) -> (tensor<?x4x8xf32>, tensor<?x4x6xf32>) attributes {test.claim = @by_what_fits} {
  %w = dit.weight "w" : tensor<8x7xf32>
  %v = dit.weight "v" : tensor<6x8xf32>
  %u = dit.weight "u" : tensor<8x8xf32>
  // CHECK: dit.linear {{.*}} matmul<multiply = f32, layout = <panel = 1>> :
  // BF16: dit.linear {{.*}} matmul<multiply = f32, layout = <panel = 48>> :
  %a = dit.linear %x weight(%w) : (tensor<?x4x7xf32>, tensor<8x7xf32>) -> tensor<?x4x8xf32>
  // CHECK: dit.linear {{.*}} matmul<multiply = tf32, layout = <panel = 1>> :
  // BF16: dit.linear {{.*}} matmul<multiply = bf16, layout = <panel = 48, group = 2>> :
  %b = dit.linear %a weight(%v) : (tensor<?x4x8xf32>, tensor<6x8xf32>) -> tensor<?x4x6xf32>
  %s = dit.slice %z dim 2 offset 8 : tensor<?x4x16xf32> -> tensor<?x4x8xf32>
  // CHECK: dit.linear {{.*}} matmul<multiply = f32, layout = <panel = 1>> :
  // BF16: dit.linear {{.*}} matmul<multiply = bf16, layout = <panel = 48, group = 2>> :
  %c = dit.linear %s weight(%u) : (tensor<?x4x8xf32>, tensor<8x8xf32>) -> tensor<?x4x8xf32>
  return %c, %b : tensor<?x4x8xf32>, tensor<?x4x6xf32>
}

// -----

// What says already how it is multiplied stays, in a region too; what reads bf16 can be nothing else.
// CHECK-LABEL: @leave_what_is_decided
func.func @denoise(%x: tensor<?x4x8xf32> {dit.name = "x"}, %n: tensor<?x4x8xbf16> {dit.name = "n"}) -> (tensor<?x4x24xf32>, tensor<?x4x24xf32>) attributes {test.claim = @leave_what_is_decided} {
  %w = dit.weight "w" : tensor<24x8xf32>
  %v = dit.weight "v" : tensor<24x8xbf16>
  %h = dit.fused linear (%a = %x, %b = %w) : (tensor<?x4x8xf32>, tensor<24x8xf32>) -> tensor<?x4x24xf32> {
    // CHECK: dit.linear {{.*}} matmul<multiply = bf16, layout = <panel = 7>> :
    %0 = dit.linear %a weight(%b) matmul<multiply = bf16, layout = <panel = 7>> : (tensor<?x4x8xf32>, tensor<24x8xf32>) -> tensor<?x4x24xf32>
    dit.yield %0 : tensor<?x4x24xf32>
  }
  %g = dit.fused linear (%a = %n, %b = %v) : (tensor<?x4x8xbf16>, tensor<24x8xbf16>) -> tensor<?x4x24xf32> {
    // CHECK: dit.linear {{.*}} matmul<multiply = bf16, by = cublaslt, layout = <panel = 1>> :
    %0 = dit.linear %a weight(%b) : (tensor<?x4x8xbf16>, tensor<24x8xbf16>) -> tensor<?x4x24xf32>
    dit.yield %0 : tensor<?x4x24xf32>
  }
  return %h, %g : tensor<?x4x24xf32>, tensor<?x4x24xf32>
}
