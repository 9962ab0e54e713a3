// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ditc keys: what a spec may say of its network.
#include "compiler/network/Keys.h"
#include "compiler/commands/Commands.h"

void dit::addKeys(CLI::App &app) {
  auto *command = app.add_subcommand(
      "keys", "print what a spec may say of its network, as Markdown");
  command->callback([] { printKeys(llvm::outs()); });
}
