// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From the LLVM dialect to an object file, and from there to a shared object
// that needs no other library.
#include "codegen/cpu/Compile.h"

#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"

using namespace mlir;

namespace dit::codegen::cpu {

namespace {

constexpr llvm::StringLiteral kTriple = "x86_64-unknown-linux-gnu";

std::unique_ptr<llvm::TargetMachine> targetMachine(const Arch &arch) {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  llvm::Triple triple(kTriple);
  std::string error;
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(triple, error);
  if (!target)
    return nullptr;
  // The generic tuning of the level: artifacts travel between machines.
  return std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine(
      triple, arch.name, "", llvm::TargetOptions(), llvm::Reloc::PIC_,
      std::nullopt, llvm::CodeGenOptLevel::Default));
}

/// Keeps what the section names alive though no code refers to it.
void finish(llvm::Module &module) {
  for (llvm::Function &function : module) {
    // Kernels ask for the vectors they want; the level's tuning would halve
    // them.
    function.addFnAttr("prefer-vector-width", "512");
    function.addFnAttr(llvm::Attribute::NoUnwind);
  }
}

void optimize(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::LoopAnalysisManager lam;
  llvm::FunctionAnalysisManager fam;
  llvm::CGSCCAnalysisManager cam;
  llvm::ModuleAnalysisManager mam;
  llvm::PipelineTuningOptions tuning;
  // Kernels are written as vectors and unrolled by their generators.
  tuning.LoopVectorization = tuning.SLPVectorization = false;
  tuning.LoopUnrolling = tuning.LoopInterleaving = false;
  llvm::PassBuilder pb(&machine, tuning);
  pb.registerModuleAnalyses(mam);
  pb.registerCGSCCAnalyses(cam);
  pb.registerFunctionAnalyses(fam);
  pb.registerLoopAnalyses(lam);
  pb.crossRegisterProxies(lam, fam, cam, mam);
  pb.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2)
      .run(module, mam);
}

struct Translated {
  std::unique_ptr<llvm::LLVMContext> context;
  std::unique_ptr<llvm::Module> module;
  std::unique_ptr<llvm::TargetMachine> machine;
};

FailureOr<Translated> translate(ModuleOp lowered, const Arch &arch) {
  registerBuiltinDialectTranslation(*lowered.getContext());
  registerLLVMDialectTranslation(*lowered.getContext());
  Translated result;
  result.context = std::make_unique<llvm::LLVMContext>();
  result.machine = targetMachine(arch);
  if (!result.machine)
    return lowered.emitError() << "this build of LLVM has no x86-64 target";
  result.module = translateModuleToLLVMIR(lowered, *result.context, "artifact");
  if (!result.module)
    return failure();
  // Without these nothing is vectorised, silently.
  result.module->setTargetTriple(llvm::Triple(kTriple));
  result.module->setDataLayout(result.machine->createDataLayout());
  finish(*result.module);
  optimize(*result.module, *result.machine);
  return result;
}

LogicalResult writeObject(Translated &translated, int descriptor,
                          Location loc) {
  llvm::raw_fd_ostream os(descriptor, /*shouldClose=*/true);
  llvm::legacy::PassManager passes;
  if (translated.machine->addPassesToEmitFile(
          passes, os, nullptr, llvm::CodeGenFileType::ObjectFile))
    return emitError(loc) << "LLVM cannot write objects for this target";
  passes.run(*translated.module);
  os.flush();
  if (os.has_error()) {
    std::string why = os.error().message();
    os.clear_error();
    return emitError(loc) << "cannot write the object: " << why;
  }
  return success();
}

LogicalResult link(StringRef object, StringRef path, Location loc) {
  auto linker =
      llvm::sys::findProgramByName("ld.lld", {"/usr/lib/llvm-22/bin"});
  if (!linker)
    linker = llvm::sys::findProgramByName("ld.lld");
  if (!linker)
    return emitError(loc)
           << "linking needs ld.lld, which is neither in "
              "/usr/lib/llvm-22/bin nor on PATH (package lld-22)";
  std::string error;
  StringRef args[] = {*linker,         "-shared", "-z", "noexecstack",
                      "--gc-sections", "-o",      path, object};
  if (llvm::sys::ExecuteAndWait(*linker, args, std::nullopt, {}, 0, 0, &error))
    return emitError(loc) << "ld.lld failed" << (error.empty() ? "" : ": ")
                          << error;
  return success();
}

} // namespace

FailureOr<std::string> emitLLVM(ModuleOp lowered, const Arch &arch) {
  FailureOr<Translated> translated = translate(lowered, arch);
  if (failed(translated))
    return failure();
  std::string text;
  llvm::raw_string_ostream os(text);
  translated->module->print(os, nullptr);
  return text;
}

LogicalResult emitSharedObject(ModuleOp lowered, const Arch &arch,
                               StringRef path) {
  FailureOr<Translated> translated = translate(lowered, arch);
  if (failed(translated))
    return failure();
  Location loc = lowered.getLoc();
  SmallString<256> object, shared;
  int descriptor = -1;
  auto fail = [&](StringRef what, std::error_code why) {
    return emitError(loc) << "cannot write " << what << ": " << why.message();
  };
  if (auto why = llvm::sys::fs::createUniqueFile(path + ".%%%%%%.o", descriptor,
                                                 object))
    return fail(path, why);
  llvm::FileRemover removeObject(object);
  if (failed(writeObject(*translated, descriptor, loc)))
    return failure();
  if (auto why = llvm::sys::fs::createUniqueFile(path + ".%%%%%%.tmp", shared))
    return fail(path, why);
  llvm::FileRemover removeShared(shared);
  if (failed(link(object, shared, loc)))
    return failure();
  if (auto why = llvm::sys::fs::rename(shared, path))
    return fail(path, why);
  removeShared.releaseFile();
  return success();
}

} // namespace dit::codegen::cpu
