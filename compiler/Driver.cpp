// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The loop over the phases: run the passes, check the contract, dump, go on.
#include "compiler/Driver.h"

#include "compiler/Session.h"
#include "dialect/DiTDialect.h"
#include "mlir/IR/Remarks.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "runtime/Error.h"
#include "runtime/OutputFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Path.h"
#include <chrono>

using namespace mlir;
using namespace dit;

namespace {

/// Op by op with the locations that carry the names, so that it can be taken up
/// again.
std::string print(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream os(text);
  module->print(os, OpPrintingFlags().enableDebugInfo());
  os << '\n';
  return text;
}

class Compilation {
public:
  Compilation(const CompileOptions &options, const Target &target,
              Session &session)
      : options(options), target(target), session(session) {}

  LogicalResult run() {
    if (failed(checkOutput()) || failed(load()) || failed(finish(Phase::Spec)))
      return failure();
    if (options.emit == Phase::Spec)
      return success();
    for (Phase phase :
         {Phase::Dit, Phase::Staged, Phase::Fused, Phase::Planned}) {
      if (phase < input.phase)
        continue;
      if (phase > input.phase && failed(advance(phase)))
        return failure();
      if (failed(finish(phase)))
        return failure();
      if (phase == options.emit)
        return success();
    }
    return makeCode();
  }

private:
  /// Before the work, not after it: that the output's folder takes files.
  LogicalResult checkOutput() {
    namespace fs = llvm::sys::fs;
    if (options.output.empty() || options.output == "-")
      return success();
    if (fs::is_directory(options.output))
      return session.error(options.output + ": is a directory");
    StringRef folder = llvm::sys::path::parent_path(options.output);
    if (auto error =
            fs::access(folder.empty() ? "." : folder, fs::AccessMode::Write))
      return session.error(options.output +
                           ": cannot be written into its folder, " +
                           runtime::systemMessage(error.value()));
    return success();
  }

  LogicalResult load() {
    if (!options.remarks.empty()) {
      remark::RemarkCategories categories{options.remarks, options.remarks,
                                          options.remarks, options.remarks,
                                          options.remarks};
      auto policy = std::make_unique<remark::RemarkEmittingPolicyAll>();
      if (failed(remark::enableOptimizationRemarks(
              session.context(), nullptr, std::move(policy), categories,
              /*printAsEmitRemarks=*/true)))
        return session.error("remarks cannot be enabled");
    }
    auto loaded = session.load(options.input);
    if (failed(loaded))
      return failure();
    input = std::move(*loaded);
    bool isIR = StringRef(options.input).ends_with(".mlir");
    if (options.emit < (isIR ? input.phase : Phase::Spec))
      return session.error(
          options.input + " has reached phase " + infoOf(input.phase).name +
          ", so " + infoOf(options.emit).name + " cannot be emitted from it");
    return success();
  }

  LogicalResult advance(Phase phase) {
    std::vector<PassUse> uses = target.passes(phase);
    if (llvm::Error error = runPasses(*input.module, uses)) {
      std::string sentence = llvm::toString(std::move(error));
      return sentence.empty() ? failure() : session.error(sentence);
    }
    for (const PassUse &use : uses)
      passes.push_back(use.flag);
    auto name = StringAttr::get(&session.context(), infoOf(phase).name);
    (*input.module)->setAttr(kPhaseAttr, name);
    return infoOf(phase).contract(*input.module);
  }

  /// A phase is over: its time, its dump, and its text where it was asked for.
  LogicalResult finish(Phase phase) {
    tick(phase);
    const PhaseInfo &info = infoOf(phase);
    bool isAsked = phase == options.emit && phase != Phase::Artifact;
    if (!isAsked && options.dumpDirectory.empty())
      return success();
    if (phase == Phase::Spec)
      return write(info, isAsked, input.spec.text);
    if (info.contract)
      return write(info, isAsked, print(*input.module));
    return success();
  }

  LogicalResult write(const PhaseInfo &info, bool isAsked, StringRef text) {
    if (!options.dumpDirectory.empty()) {
      SmallString<128> path(options.dumpDirectory);
      if (auto error = llvm::sys::fs::create_directories(path))
        return session.error(path + ": " +
                             runtime::systemMessage(error.value()));
      llvm::sys::path::append(path, info.file);
      if (failed(writeFile(path, text)))
        return failure();
    }
    if (!isAsked || (options.output.empty() && options.verifyDiagnostics))
      return success();
    if (!options.output.empty() && options.output != "-")
      return writeFile(options.output, text);
    llvm::outs() << text;
    llvm::outs().flush();
    if (!llvm::outs().has_error())
      return success();
    std::string reason = runtime::systemMessage(llvm::outs().error().value());
    llvm::outs().clear_error();
    return session.error("standard output: " + reason);
  }

  LogicalResult writeFile(StringRef path, StringRef text) {
    try {
      runtime::OutputFile file(path.str(), text.size());
      file.write(std::string_view(text));
      file.commit();
      return success();
    } catch (const runtime::Error &error) {
      return session.error(error.what());
    }
  }

  LogicalResult makeCode() {
    if (input.spec.text.empty())
      return session.error(
          options.input +
          " has no dit.spec, which an artifact's manifest is made of");
    CompiledModel model{*input.module, input.spec, passes};
    auto code = target.makeCode(model);
    if (failed(code))
      return failure();
    tick(Phase::Target);
    if (options.emit == Phase::Target || !options.dumpDirectory.empty()) {
      auto text = (*code)->text();
      if (failed(text) || failed(write(infoOf(Phase::Target),
                                       options.emit == Phase::Target, *text)))
        return failure();
    }
    if (options.emit == Phase::Target || options.output.empty())
      return success();
    if (failed((*code)->writeArtifact(options.output)))
      return failure();
    tick(Phase::Artifact);
    return success();
  }

  void tick(Phase phase) {
    auto now = std::chrono::steady_clock::now();
    std::chrono::duration<double> seconds = now - last;
    last = now;
    if (options.timing)
      llvm::errs() << llvm::format("%-9s %7.3f s\n", infoOf(phase).name.data(),
                                   seconds.count());
  }

  const CompileOptions &options;
  const Target &target;
  Session &session;
  Input input;
  std::vector<std::string> passes;
  std::chrono::steady_clock::time_point last = std::chrono::steady_clock::now();
};

} // namespace

llvm::Error dit::runPasses(ModuleOp module, ArrayRef<PassUse> uses) {
  PassManager pm(module.getContext(), ModuleOp::getOperationName());
  for (const PassUse &use : uses) {
    const PassInfo *info = PassInfo::lookup(use.flag);
    auto complain = [&](const llvm::Twine &message) {
      llvm::errs() << message << '\n';
      return failure();
    };
    if (!info || failed(info->addToPipeline(pm, use.options, complain)))
      return llvm::createStringError("this ditc has no pass --" + use.flag +
                                     " " + use.options);
  }
  if (failed(pm.run(module)))
    return llvm::createStringError("");
  return llvm::Error::success();
}

int dit::compile(const CompileOptions &options, const Target &target) {
  Session session("ditc compile", options.verifyDiagnostics);
  return session.exitCode(Compilation(options, target, session).run());
}
