// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Parsing and running of pipelines, and plugins that bring passes of their own.
#include "compiler/RunPasses.h"
#include "compiler/Target.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Tools/Plugins/PassPlugin.h"

using namespace mlir;
using namespace dit;

/// Fills `manager`, or returns what MLIR's parser has to say, without the
/// place.
static llvm::Error parse(StringRef pipeline, OpPassManager &manager) {
  std::string said;
  llvm::raw_string_ostream os(said);
  if (succeeded(parsePassPipeline(pipeline, manager, os)))
    return llvm::Error::success();
  auto [place, sentence] = StringRef(said).split("error: ");
  if (sentence.empty())
    sentence = place;
  return llvm::createStringError(sentence.split('\n').first);
}

llvm::Error dit::checkPipeline(StringRef pipeline) {
  OpPassManager manager(ModuleOp::getOperationName());
  return parse(pipeline, manager);
}

llvm::Expected<std::vector<std::string>>
dit::runPasses(ModuleOp module, StringRef pipeline,
               const PassReports &reports) {
  PassManager manager(module.getContext(), ModuleOp::getOperationName());
  if (llvm::Error error = parse(pipeline, manager))
    return error;
  if (reports.irAfterAll)
    manager.enableIRPrinting(
        /*shouldPrintBeforePass=*/[](Pass *, Operation *) { return false; },
        /*shouldPrintAfterPass=*/[](Pass *, Operation *) { return true; },
        /*printModuleScope=*/false, /*printAfterOnlyOnChange=*/false);
  if (reports.timing)
    manager.enableTiming();
  if (failed(manager.run(module)))
    return diagnosed();
  std::vector<std::string> ran;
  for (const Pass &pass : manager.getPasses())
    ran.push_back(pass.getArgument().str());
  return ran;
}

llvm::Error dit::loadPassPlugin(const std::string &path) {
  auto plugin = PassPlugin::load(path);
  if (!plugin)
    return plugin.takeError();
  plugin->registerPassRegistryCallbacks();
  return llvm::Error::success();
}
