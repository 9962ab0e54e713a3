// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// IR text at any phase: parsed, verified, held against its phase's contract,
// and taken through the CPU's passes from there.
#include "Fuzz.h"

#include "compiler/Driver.h"
#include "dialect/DiTDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "passes/Passes.h"

#include <string>

using namespace mlir;

static const dit::Target &target() {
  static const auto made = [] {
    dit::registerDiTPasses();
    dit::TargetOptions options;
    options.arch = "x86-64-v3";
    return cantFail(dit::makeTarget(options));
  }();
  return *made;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  MLIRContext context(MLIRContext::Threading::DISABLED);
  context.loadDialect<dit::DiTDialect, func::FuncDialect>();
  context.printOpOnDiagnostic(false);
  ScopedDiagnosticHandler quiet(&context, [](Diagnostic &) {});
  // The lexer ends at a zero behind the text.
  const std::string text(asText(data, size));
  auto module = parseSourceString<ModuleOp>(text, &context);
  if (!module)
    return 0;
  auto reached = dit::phaseOf(*module);
  if (failed(reached))
    return 0;
  for (dit::Phase phase :
       {dit::Phase::Staged, dit::Phase::Fused, dit::Phase::Planned}) {
    if (phase <= *reached)
      continue;
    const dit::PhaseInfo &info = dit::infoOf(phase);
    auto ran = dit::runPasses(*module, *target().pipelines().find(info.name));
    if (!ran) {
      llvm::consumeError(ran.takeError());
      return 0;
    }
    (*module)->setAttr(dit::kPhaseAttr, StringAttr::get(&context, info.name));
    if (failed(info.contract(*module)))
      return 0;
  }
  return 0;
}
