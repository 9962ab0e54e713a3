// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ditc: one subcommand a thing to do. Exits with 0 done, 1 a diagnosed error, 2 a
// bad command line.
#include "compiler/Manifest.h"
#include "compiler/commands/Commands.h"
#include "passes/Passes.h"

int main(int argc, char **argv) {
  dit::registerDiTPasses();
  CLI::App app("A compiler for diffusion transformers: a YAML spec in, one shared "
               "library out.");
  app.set_version_flag("--version", dit::kCompilerVersion.str());
  app.require_subcommand(1);
  int exitCode = 0;
  dit::addCompile(app, exitCode);
  dit::addCost(app, exitCode);
  dit::addInterpret(app, exitCode);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const std::exception &error) {
    llvm::errs() << "ditc: error: " << error.what() << '\n';
    return 1;
  }
  return exitCode;
}
