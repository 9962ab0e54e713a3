// RUN: not dit-opt %s 2>&1 | FileCheck %s

// CHECK: panel and group must be at least 1, got 0 and 1
func.func @empty_panels(%w: tensor<24x8xf32>) -> tensor<24x8x1xf32> {
  %p = dit.pack %w layout<panel = 0> : tensor<24x8xf32> -> tensor<24x8x1xf32>
  return %p : tensor<24x8x1xf32>
}
