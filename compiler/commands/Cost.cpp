// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ditc cost: what a spec's network costs, without compiling it.
#include "compiler/Cost.h"
#include "compiler/Session.h"
#include "compiler/commands/Commands.h"
#include "dialect/DiTDialect.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace dit;

static LogicalResult printCost(Session &session, const std::string &path) {
  auto input = session.load(path);
  if (failed(input))
    return failure();
  ModuleOp module = *input->module;
  if (input->phase != Phase::Dit)
    return session.error(path + " has reached phase " +
                         infoOf(input->phase).name +
                         ", but costs are counted on the network of phase dit");
  auto name = module->getAttrOfType<StringAttr>(kNameAttr);
  int64_t parameters = parametersOf(module), macs = macsOf(module);
  llvm::outs() << (name ? name.getValue() : StringRef(path)) << '\n'
               << "parameters   " << parameters << '\n'
               << "weight bytes " << 4 * parameters << " (float32)\n"
               << "macs         " << macs << " a sample ("
               << llvm::format("%.4f", macs * 1e-9) << " G)\n";
  return success();
}

void dit::addCost(CLI::App &app, int &exitCode) {
  auto *command =
      app.add_subcommand("cost", "count a spec's parameters and operations");
  auto path = std::make_shared<std::string>();
  command->add_option("INPUT", *path, "SPEC.yaml, or IR.mlir of phase dit")
      ->required();
  command->callback([path, &exitCode] {
    Session session("ditc cost");
    exitCode = session.exitCode(printCost(session, *path));
  });
}
