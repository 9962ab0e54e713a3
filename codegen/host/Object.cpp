// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From the LLVM dialect to an object file, and from objects to a shared object
// that needs no other library.
#include "codegen/host/BuildId.h"
#include "codegen/host/Compile.h"

#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/ADT/StringExtras.h"
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

namespace dit::codegen::host {

namespace {

constexpr llvm::StringLiteral kTriple = "x86_64-unknown-linux-gnu";

std::unique_ptr<llvm::TargetMachine> targetMachine(StringRef cpu,
                                                   StringRef extensions) {
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
      triple, cpu, extensions, llvm::TargetOptions(), llvm::Reloc::PIC_,
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

FailureOr<Translated> translate(ModuleOp lowered, StringRef cpu,
                                StringRef extensions) {
  registerBuiltinDialectTranslation(*lowered.getContext());
  registerLLVMDialectTranslation(*lowered.getContext());
  Translated result;
  result.context = std::make_unique<llvm::LLVMContext>();
  result.machine = targetMachine(cpu, extensions);
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

llvm::Error runLinker(ArrayRef<std::string> objects, StringRef path) {
  auto linker =
      llvm::sys::findProgramByName("ld.lld", {"/usr/lib/llvm-22/bin"});
  if (!linker)
    linker = llvm::sys::findProgramByName("ld.lld");
  if (!linker)
    return llvm::createStringError(
        "linking needs ld.lld, which is neither in /usr/lib/llvm-22/bin nor on "
        "PATH (package lld-22)");
  std::string error;
  SmallVector<StringRef> args{*linker,       "-shared",    "-z",
                              "noexecstack", kBuildIdFlag, "--gc-sections",
                              "-o",          path};
  args.append(objects.begin(), objects.end());
  if (llvm::sys::ExecuteAndWait(*linker, args, std::nullopt, {}, 0, 0, &error))
    return llvm::createStringError("ld.lld failed" +
                                   (error.empty() ? "" : ": " + error));
  return llvm::Error::success();
}

/// Files beside an output that are gone when this is.
class TemporaryFiles {
public:
  explicit TemporaryFiles(StringRef path) : path(path) {}
  ~TemporaryFiles() {
    for (const std::string &name : names)
      llvm::sys::fs::remove(name);
  }

  /// A new file of these bytes.
  llvm::Error write(StringRef ending, StringRef bytes) {
    int descriptor = -1;
    SmallString<256> name;
    // The linker would take a name that begins with - for a flag.
    StringRef here = path.starts_with("-") ? "./" : "";
    if (auto why = llvm::sys::fs::createUniqueFile(
            here + path + ".%%%%%%" + ending, descriptor, name))
      return failure(why);
    names.push_back(name.str().str());
    llvm::raw_fd_ostream os(descriptor, /*shouldClose=*/true);
    os << bytes;
    os.flush();
    std::error_code why = os.error();
    os.clear_error();
    return why ? failure(why) : llvm::Error::success();
  }
  llvm::Error failure(std::error_code why) const {
    std::string reason = why.message();
    if (!reason.empty())
      reason.front() = llvm::toLower(reason.front());
    return llvm::createStringError(path + ": cannot be written: " + reason);
  }

  std::vector<std::string> names;

private:
  StringRef path;
};

} // namespace

FailureOr<std::string> emitLLVM(ModuleOp lowered, StringRef cpu,
                                StringRef extensions) {
  FailureOr<Translated> translated = translate(lowered, cpu, extensions);
  if (failed(translated))
    return failure();
  std::string text;
  llvm::raw_string_ostream os(text);
  translated->module->print(os, nullptr);
  return text;
}

FailureOr<std::string> emitObject(ModuleOp lowered, StringRef cpu,
                                  StringRef extensions) {
  FailureOr<Translated> translated = translate(lowered, cpu, extensions);
  if (failed(translated))
    return failure();
  SmallString<0> bytes;
  llvm::raw_svector_ostream os(bytes);
  llvm::legacy::PassManager passes;
  if (translated->machine->addPassesToEmitFile(
          passes, os, nullptr, llvm::CodeGenFileType::ObjectFile))
    return lowered.emitError() << "LLVM cannot write objects for this target";
  passes.run(*translated->module);
  return bytes.str().str();
}

llvm::Error linkSharedObject(ArrayRef<std::string> objects, StringRef path) {
  TemporaryFiles inputs(path), output(path);
  for (const std::string &object : objects)
    if (llvm::Error error = inputs.write(".o", object))
      return error;
  if (llvm::Error error = output.write(".tmp", ""))
    return error;
  if (llvm::Error error = runLinker(inputs.names, output.names.front()))
    return error;
  if (llvm::Error error = writeBuildId(output.names.front()))
    return error;
  if (auto why = llvm::sys::fs::rename(output.names.front(), path))
    return output.failure(why);
  output.names.clear();
  return llvm::Error::success();
}

} // namespace dit::codegen::host
