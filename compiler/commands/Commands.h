// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ditc's own subcommands; those it shares with dit-run are in runtime/commands.
// Each adds itself to `app`. What it diagnosed itself leaves 1 in `exitCode`;
// it throws runtime errors for the rest, as the runtime's commands do.
#ifndef DIT_COMPILER_COMMANDS_COMMANDS_H
#define DIT_COMPILER_COMMANDS_COMMANDS_H

#include "compiler/Spec.h"
#include "llvm/Support/LogicalResult.h"
#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

namespace dit {

void addCompile(CLI::App &app, int &exitCode);
void addCost(CLI::App &app, int &exitCode);
void addImport(CLI::App &app, int &exitCode);
void addInterpret(CLI::App &app, int &exitCode);
void addKeys(CLI::App &app);

/// Adds `--size HxW`: the spec's model at that size alone.
CLI::Option *addSize(CLI::App &command,
                     std::optional<runtime::Resolution> &size);

/// Adds `--set KEY=VALUE`, as often as one likes.
CLI::Option *addSet(CLI::App &command, std::vector<Setting> &settings);

/// Reads the table `csv`, fits its quality figure over compute, prints the law
/// and, where `plot` is not empty, writes it there as SVG.
llvm::LogicalResult printFit(const std::string &csv, const std::string &plot);

} // namespace dit

#endif // DIT_COMPILER_COMMANDS_COMMANDS_H
