// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ditc: one subcommand a thing to do. Exits with 0 done, 1 a diagnosed error, 2
// a bad command line.
#include "compiler/Manifest.h"
#include "compiler/commands/Commands.h"
#include "passes/Passes.h"
#include "runtime/commands/Commands.h"

int main(int argc, char **argv) {
  dit::registerDiTPasses();
  CLI::App app(
      "a compiler for diffusion transformers: a YAML spec in, a shared "
      "library out",
      "ditc");
  app.set_version_flag("--version", dit::kCompilerVersion.str());
  app.require_subcommand(1);
  int diagnosed = 0;
  dit::addCompile(app, diagnosed);
  dit::runtime::addRuntimeCommands(app);
  dit::addImport(app, diagnosed);
  dit::addKeys(app);
  dit::addInterpret(app, diagnosed);
  dit::addCost(app, diagnosed);
  try {
    int exitCode = dit::runtime::runTool(app, argc, argv);
    return exitCode ? exitCode : diagnosed;
  } catch (const std::exception &error) {
    llvm::errs() << "ditc: error: " << error.what() << '\n';
    return 1;
  }
}
