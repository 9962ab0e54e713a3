// RUN: dit-opt %s | dit-opt | FileCheck %s
// RUN: dit-opt %s --mlir-print-op-generic | dit-opt | FileCheck %s

// CHECK-LABEL: @self
func.func @self(%q: tensor<?x4x8xf32>, %k: tensor<?x4x8xf32>, %v: tensor<?x4x8xf32>) -> tensor<?x4x8xf32> {
  // CHECK: dit.attention %{{.*}}, %{{.*}}, %{{.*}} heads 2 : tensor<?x4x8xf32>, tensor<?x4x8xf32> -> tensor<?x4x8xf32>
  %a = dit.attention %q, %k, %v heads 2 : tensor<?x4x8xf32>, tensor<?x4x8xf32> -> tensor<?x4x8xf32>
  return %a : tensor<?x4x8xf32>
}

// CHECK-LABEL: @cross
func.func @cross(%q: tensor<?x4x8xf32>, %k: tensor<?x6x8xf32>, %v: tensor<?x6x8xf32>) -> tensor<?x4x8xf32> {
  // CHECK: dit.attention %{{.*}}, %{{.*}}, %{{.*}} heads 2 : tensor<?x4x8xf32>, tensor<?x6x8xf32> -> tensor<?x4x8xf32>
  %a = dit.attention %q, %k, %v heads 2 : tensor<?x4x8xf32>, tensor<?x6x8xf32> -> tensor<?x4x8xf32>
  return %a : tensor<?x4x8xf32>
}

// What is read is rounded, the result is not.
// CHECK-LABEL: @wide_result
func.func @wide_result(%q: tensor<?x4x8xbf16>, %k: tensor<?x6x8xbf16>) -> tensor<?x4x8xf32> {
  // CHECK: dit.attention %{{.*}}, %{{.*}}, %{{.*}} heads 2 : tensor<?x4x8xbf16>, tensor<?x6x8xbf16> -> tensor<?x4x8xf32>
  %a = dit.attention %q, %k, %k heads 2 : tensor<?x4x8xbf16>, tensor<?x6x8xbf16> -> tensor<?x4x8xf32>
  return %a : tensor<?x4x8xf32>
}
