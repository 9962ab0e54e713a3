// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// --size of ditc's own subcommands, which makes any size of a spec; the
// runtime's chooses among those of an artifact.
#include "compiler/commands/Commands.h"

#include "runtime/Error.h"

CLI::Option *dit::addSize(CLI::App &command,
                          std::optional<runtime::Resolution> &size) {
  auto read = [&size](const std::string &text) {
    size = runtime::parseResolution(text);
    if (!size)
      runtime::failFlag("--size must be HEIGHTxWIDTH, such as 24x40, but is {}",
                        runtime::inQuotes(text));
  };
  return command
      .add_option_function<std::string>(
          "--size", read,
          "HEIGHTxWIDTH of x, any in place of those that the spec names")
      ->type_name("");
}
