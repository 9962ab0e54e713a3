// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// dit-run: the running half of ditc, without a compiler in it.
#include "runtime/commands/Commands.h"

int main(int argc, char **argv) {
  CLI::App app("run compiled diffusion transformers", "dit-run");
  app.require_subcommand(1);
  dit::runtime::addRuntimeCommands(app);
  return dit::runtime::runTool(app, argc, argv);
}
