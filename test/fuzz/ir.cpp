// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// IR text at any phase: parsed, verified, held against its phase's contract,
// and taken from there through the passes and generators of each target, to
// LLVM IR that is not optimised and to CUDA text.
#include "Fuzz.h"

#include "codegen/cpu/Compile.h"
#include "codegen/cuda/Emit.h"
#include "codegen/host/Compile.h"
#include "compiler/Driver.h"
#include "compiler/RunPasses.h"
#include "dialect/DiTDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "passes/Passes.h"
#include "llvm/IR/Module.h"

#include <cstdio>
#include <cstdlib>
#include <string>

using namespace mlir;
namespace codegen = dit::codegen;

static std::unique_ptr<dit::Target> make(llvm::StringRef target,
                                         llvm::StringRef arch) {
  static const bool registered = (dit::registerDiTPasses(), true);
  (void)registered;
  dit::TargetOptions options;
  options.target = target;
  options.arch = arch;
  return cantFail(dit::makeTarget(options));
}

/// What passed its contract may be refused, with a sentence, but what a
/// generator gives must be whole.
[[noreturn]] static void fail(const char *what) {
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

/// The module planned for the target, where its passes and contracts let it.
static OwningOpRef<ModuleOp> planned(ModuleOp module, dit::Phase reached,
                                     const dit::Target &target) {
  OwningOpRef<ModuleOp> mine = module.clone();
  for (dit::Phase phase :
       {dit::Phase::Staged, dit::Phase::Fused, dit::Phase::Planned}) {
    if (phase <= reached)
      continue;
    const dit::PhaseInfo &info = dit::infoOf(phase);
    auto ran = dit::runPasses(*mine, *target.pipelines().find(info.name));
    if (!ran) {
      llvm::consumeError(ran.takeError());
      return {};
    }
    (*mine)->setAttr(dit::kPhaseAttr,
                     StringAttr::get(mine->getContext(), info.name));
    if (failed(info.contract(*mine)))
      return {};
  }
  return mine;
}

static void generateForCpu(ModuleOp module, dit::Phase reached,
                           llvm::StringRef name) {
  auto target = make("cpu", name);
  auto arch = cantFail(codegen::cpu::findArch(name));
  OwningOpRef<ModuleOp> mine = planned(module, reached, *target);
  if (!mine)
    return;
  auto code =
      codegen::cpu::assemble(*mine, arch, [](const codegen::cpu::Report &) {
        return FailureOr<std::string>(std::string("{}"));
      });
  if (failed(code))
    return;
  if (failed(verify(**code)) || failed(codegen::host::lowerToLLVM(**code)))
    fail("the CPU's code does not verify");
  registerBuiltinDialectTranslation(*module.getContext());
  registerLLVMDialectTranslation(*module.getContext());
  llvm::LLVMContext context;
  if (!translateModuleToLLVMIR(**code, context))
    fail("the CPU's code is no LLVM IR");
}

static void generateForCuda(ModuleOp module, dit::Phase reached,
                            llvm::StringRef arch) {
  auto target = make("cuda", arch);
  OwningOpRef<ModuleOp> mine = planned(module, reached, *target);
  if (!mine)
    return;
  auto program = codegen::planLaunches(*mine);
  if (failed(program))
    return;
  codegen::cuda::EmitOptions options;
  options.arch = arch;
  (void)codegen::cuda::emitText(*program, options);
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
  generateForCpu(*module, *reached, "x86-64-v3");
  generateForCpu(*module, *reached, "x86-64-v4");
  generateForCuda(*module, *reached, "sm_80");
  generateForCuda(*module, *reached, "sm_90a");
  return 0;
}
