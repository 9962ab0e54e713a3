// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ditc: one subcommand a thing to do. Exits with 0 done, 1 a diagnosed error, 2
// a bad command line.
#include "compiler/commands/Commands.h"
#include "passes/Passes.h"
#include "runtime/Error.h"
#include "runtime/commands/Commands.h"
#include "llvm/Support/raw_ostream.h"

/// What LLVM's streams could not write: a result is an error, a message is
/// dropped. Asked before they end, which would end the process with a crash.
static int checkStreams(int exitCode) {
  llvm::outs().flush();
  if (llvm::outs().has_error()) {
    std::string reason =
        dit::runtime::systemMessage(llvm::outs().error().value());
    llvm::outs().clear_error();
    llvm::errs() << "ditc: error: standard output cannot be written: " << reason
                 << '\n';
    exitCode = 1;
  }
  llvm::errs().clear_error();
  return exitCode;
}

int main(int argc, char **argv) {
  dit::registerDiTPasses();
  CLI::App app(
      "a compiler for diffusion transformers: a YAML spec in, a shared "
      "library out",
      "ditc");
  app.require_subcommand(1);
  int diagnosed = 0;
  dit::addCompile(app, diagnosed);
  dit::runtime::addRuntimeCommands(app);
  dit::runtime::addEvaluateCommand(app);
  dit::addImport(app, diagnosed);
  dit::addKeys(app);
  dit::addInterpret(app, diagnosed);
  dit::addCost(app, diagnosed);
  try {
    int exitCode = dit::runtime::runTool(app, argc, argv);
    exitCode = exitCode ? exitCode : diagnosed;
    return checkStreams(exitCode);
  } catch (const std::exception &error) {
    llvm::errs() << "ditc: error: " << error.what() << '\n';
    return 1;
  }
}
