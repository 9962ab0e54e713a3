// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A tool's commands and flags, of the table that --help prints, for man and for
// shells that complete.
#ifndef DIT_RUNTIME_COMMANDS_MANUAL_H
#define DIT_RUNTIME_COMMANDS_MANUAL_H

#include <CLI/CLI.hpp>

namespace dit::runtime {

/// Adds `--print-manual man|bash|zsh|fish`, which prints the page, or the
/// shell's completions. The build makes the installed files of it; --help does
/// not show it.
void addManualFlag(CLI::App &app);

} // namespace dit::runtime

#endif // DIT_RUNTIME_COMMANDS_MANUAL_H
