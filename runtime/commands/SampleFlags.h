// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The flags of the choices that sampling/Options.h lists.
#ifndef DIT_RUNTIME_COMMANDS_SAMPLEFLAGS_H
#define DIT_RUNTIME_COMMANDS_SAMPLEFLAGS_H

#include "runtime/sampling/Options.h"

#include <CLI/CLI.hpp>

namespace dit::runtime {

/// The flags that were given, by the choice's name; the texts that stood there.
using ChoiceFlags = std::map<std::string, std::string>;

/// Adds a flag for each choice, or for each that a sampler's table depends on.
void addChoiceFlags(CLI::App &command, ChoiceFlags &given, bool ofTableOnly);

/// The request's choices, where there is a flag for them. A guidance formula
/// without a scale keeps guidance as strong as it is. Throws a FlagError.
void applyChoiceFlags(const ChoiceFlags &given, SampleRequest &request);

} // namespace dit::runtime

#endif // DIT_RUNTIME_COMMANDS_SAMPLEFLAGS_H
