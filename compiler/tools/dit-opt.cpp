// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// dit-opt: MlirOptMain with the dialect and the passes.
#include "dialect/DiTDialect.h"
#include "passes/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"

int main(int argc, char **argv) {
  mlir::registerTransformsPasses();
  dit::registerPasses();
  mlir::DialectRegistry registry;
  registry.insert<dit::DiTDialect, mlir::func::FuncDialect>();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "ditc's pass driver\n", registry));
}
