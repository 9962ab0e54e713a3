// RUN: dit-opt %s | dit-opt | FileCheck %s
// RUN: dit-opt %s --mlir-print-op-generic | dit-opt | FileCheck %s

// CHECK-LABEL: @bias
func.func @bias(%x: tensor<?x4x8xf32>, %w: tensor<24x8xf32>, %b: tensor<24xf32>) -> tensor<?x4x24xf32> {
  // CHECK: dit.linear %{{.*}} weight(%{{.*}}) bias(%{{.*}}) : (tensor<?x4x8xf32>, tensor<24x8xf32>, tensor<24xf32>) -> tensor<?x4x24xf32>
  %h = dit.linear %x weight(%w) bias(%b) : (tensor<?x4x8xf32>, tensor<24x8xf32>, tensor<24xf32>) -> tensor<?x4x24xf32>
  return %h : tensor<?x4x24xf32>
}

// CHECK-LABEL: @no_bias
func.func @no_bias(%x: tensor<?x4x8xf32>, %w: tensor<24x8xf32>) -> tensor<?x4x24xf32> {
  // CHECK: dit.linear %{{.*}} weight(%{{.*}}) : (tensor<?x4x8xf32>, tensor<24x8xf32>) -> tensor<?x4x24xf32>
  %h = dit.linear %x weight(%w) : (tensor<?x4x8xf32>, tensor<24x8xf32>) -> tensor<?x4x24xf32>
  return %h : tensor<?x4x24xf32>
}

// CHECK-LABEL: @once_a_sample
func.func @once_a_sample(%x: tensor<?x8xf32>, %w: tensor<24x8xf32>, %b: tensor<24xf32>) -> tensor<?x24xf32> {
  // CHECK: dit.linear %{{.*}} weight(%{{.*}}) bias(%{{.*}}) : (tensor<?x8xf32>, tensor<24x8xf32>, tensor<24xf32>) -> tensor<?x24xf32>
  %h = dit.linear %x weight(%w) bias(%b) : (tensor<?x8xf32>, tensor<24x8xf32>, tensor<24xf32>) -> tensor<?x24xf32>
  return %h : tensor<?x24xf32>
}

// Panels of 16 features; the last one is half full.
// CHECK-LABEL: @packed
func.func @packed(%x: tensor<?x4x8xf32>, %w: tensor<2x8x16xf32>, %b: tensor<24xf32>) -> tensor<?x4x24xf32> {
  // CHECK: dit.linear %{{.*}} weight(%{{.*}}) bias(%{{.*}}) matmul<multiply = f32, layout = <panel = 16>> : (tensor<?x4x8xf32>, tensor<2x8x16xf32>, tensor<24xf32>) -> tensor<?x4x24xf32>
  %h = dit.linear %x weight(%w) bias(%b) matmul<multiply = f32, layout = <panel = 16>> : (tensor<?x4x8xf32>, tensor<2x8x16xf32>, tensor<24xf32>) -> tensor<?x4x24xf32>
  return %h : tensor<?x4x24xf32>
}

// What is multiplied is rounded first, whose code multiplies is said, and where the weight will lie.
// CHECK-LABEL: @how
func.func @how(%x: tensor<?x4x8xf32>, %w: tensor<24x8xf32>) -> (tensor<?x4x24xf32>, tensor<?x4x24xf32>) {
  // CHECK: dit.linear %{{.*}} weight(%{{.*}}) matmul<multiply = tf32> : (tensor<?x4x8xf32>
  %h = dit.linear %x weight(%w) matmul<multiply = tf32, by = generated> : (tensor<?x4x8xf32>, tensor<24x8xf32>) -> tensor<?x4x24xf32>
  // CHECK: dit.linear %{{.*}} weight(%{{.*}}) matmul<multiply = bf16, by = cublaslt, layout = <panel = 48, group = 2>> : (tensor<?x4x8xf32>
  %g = dit.linear %x weight(%w) matmul<multiply = bf16, by = cublaslt, layout = <panel = 48, group = 2>> : (tensor<?x4x8xf32>, tensor<24x8xf32>) -> tensor<?x4x24xf32>
  return %h, %g : tensor<?x4x24xf32>, tensor<?x4x24xf32>
}

// Sums of bfloat16 products stay float32.
// CHECK-LABEL: @wide_sums
func.func @wide_sums(%x: tensor<?x4x8xbf16>, %w: tensor<24x8xbf16>, %b: tensor<24xf32>) -> tensor<?x4x24xf32> {
  // CHECK: dit.linear %{{.*}} weight(%{{.*}}) bias(%{{.*}}) : (tensor<?x4x8xbf16>, tensor<24x8xbf16>, tensor<24xf32>) -> tensor<?x4x24xf32>
  %h = dit.linear %x weight(%w) bias(%b) : (tensor<?x4x8xbf16>, tensor<24x8xbf16>, tensor<24xf32>) -> tensor<?x4x24xf32>
  return %h : tensor<?x4x24xf32>
}
