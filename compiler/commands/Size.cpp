// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// --size and --set of ditc's own subcommands. --size makes any size of a spec;
// the runtime's chooses among those of an artifact.
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

CLI::Option *dit::addSet(CLI::App &command, std::vector<Setting> &settings) {
  auto read = [&settings](const std::vector<std::string> &texts) {
    for (const std::string &text : texts) {
      size_t equals = text.find('=');
      if (equals == 0 || equals == std::string::npos ||
          text.find_first_of(":#\"'[]{}, \n") < equals)
        runtime::failFlag("--set must be KEY=VALUE, such as latent.height=24, "
                          "but is {}",
                          runtime::inQuotes(text));
      settings.push_back({text});
    }
  };
  return command
      .add_option_function<std::vector<std::string>>(
          "--set", read,
          "KEY=VALUE, any key of the spec in place of what it says, as "
          "latent.height=24; again for more")
      ->type_name("")
      ->allow_extra_args(false);
}
