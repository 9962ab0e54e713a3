// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The word of a command line that no command knows.
#ifndef DIT_RUNTIME_COMMANDS_UNKNOWNWORD_H
#define DIT_RUNTIME_COMMANDS_UNKNOWNWORD_H

#include <CLI/CLI.hpp>

#include <string>

namespace dit::runtime {

/// A sentence about the first command or flag that is none, with the one that
/// was meant where one is near; empty where all are known. What CLI11 says of
/// such a line is about what is missing instead.
std::string sentenceOfUnknownWord(const CLI::App &app, int argc, char **argv);

} // namespace dit::runtime

#endif // DIT_RUNTIME_COMMANDS_UNKNOWNWORD_H
