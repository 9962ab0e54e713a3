// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The fusions that are wrong on purpose as a plugin of ditc and dit-opt: all
// that a shared library with passes of its own needs.
#include "test/passes/tool/WrongFusions.h"

#include "mlir/Tools/Plugins/PassPlugin.h"

extern "C" mlir::PassPluginLibraryInfo mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "WrongFusions", "0",
          dit::test::registerWrongFusions};
}
