// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ditc's own subcommands; those it shares with dit-run are in runtime/commands.
// Each adds itself to `app` and leaves what the process exits with in `exitCode`
// when it has run: 0 done, 1 diagnosed, 2 a flag that cannot be.
#ifndef DIT_COMPILER_COMMANDS_COMMANDS_H
#define DIT_COMPILER_COMMANDS_COMMANDS_H

#include <CLI/CLI.hpp>

namespace dit {

void addCompile(CLI::App &app, int &exitCode);
void addCost(CLI::App &app, int &exitCode);
void addInterpret(CLI::App &app, int &exitCode);

} // namespace dit

#endif // DIT_COMPILER_COMMANDS_COMMANDS_H
