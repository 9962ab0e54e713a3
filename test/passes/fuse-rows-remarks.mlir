// RUN: dit-opt %s --dit-fuse-rows --remarks-filter=fusion --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s

// CHECK: fuse-rows{{.*}}silu + mul
func.func @joined(%a: tensor<?x4x8xf32>, %b: tensor<?x4x8xf32>) -> tensor<?x4x8xf32> {
  %s = dit.silu %a : tensor<?x4x8xf32>
  %m = dit.mul %s, %b : tensor<?x4x8xf32>, tensor<?x4x8xf32>
  return %m : tensor<?x4x8xf32>
}
// CHECK: fuse-rows{{.*}}expected one number of rows, but dit.silu has another
func.func @other_rows(%x: tensor<?x4x8xf32>, %c: tensor<?x8xf32>) -> tensor<?x4x8xf32> {
  %s = dit.silu %c : tensor<?x8xf32>
  %g = dit.gate %x gate(%s) : tensor<?x4x8xf32>, tensor<?x8xf32>
  return %g : tensor<?x4x8xf32>
}
