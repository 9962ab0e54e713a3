// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// dit-opt-test: dit-opt with the fusions that are wrong on purpose, with
// regions written in other ways, and with ops that no pass knows.
#include "dialect/DiTDialect.h"
#include "passes/Passes.h"
#include "test/passes/tool/PermuteRegions.h"
#include "test/passes/tool/TestDialect.h"
#include "test/passes/tool/WrongFusions.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  dit::registerPasses();
  dit::test::registerWrongFusions();
  dit::test::registerPermuteRegions();
  mlir::DialectRegistry registry;
  registry.insert<dit::DiTDialect, mlir::func::FuncDialect>();
  dit::test::registerTestDialect(registry);
  return mlir::asMainReturnCode(mlir::MlirOptMain(
      argc, argv, "dit-opt with what only tests need\n", registry));
}
