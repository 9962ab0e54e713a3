// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The subcommands that run artifacts, shared by ditc and dit-run, and what a
// tool's main does around them.
#ifndef DIT_RUNTIME_COMMANDS_COMMANDS_H
#define DIT_RUNTIME_COMMANDS_COMMANDS_H

#include <CLI/CLI.hpp>

namespace dit::runtime {

// Each adds one subcommand, whose callback does the work, prints what it made
// on stdout, and throws an Error.
void addSampleCommand(CLI::App &app);
void addJoinCommand(CLI::App &app);
void addDenoiseCommand(CLI::App &app);
void addBenchCommand(CLI::App &app);
void addInspectCommand(CLI::App &app);
void addEvaluateCommand(CLI::App &app);

/// All of the above.
void addRuntimeCommands(CLI::App &app);

/// Parses the command line and runs its subcommand. Prints every error as
/// "ditc sample: error: ..."; returns 0, 1 for an error, 2 for a bad command
/// line.
int runTool(CLI::App &app, int argc, char **argv);

/// Adds `--threads N`: at least 1, by default one a CPU of this process.
void addThreadsFlag(CLI::App &command, int &threads);
/// Adds `--seed N`: 0 to 2^64 - 1, by default 0.
void addSeedFlag(CLI::App &command, uint64_t &seed);

} // namespace dit::runtime

#endif // DIT_RUNTIME_COMMANDS_COMMANDS_H
