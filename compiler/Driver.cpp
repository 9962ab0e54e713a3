// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The loop over the phases, once for each target and size: run the passes,
// check the contract, dump, go on; then the artifact of all of them.
#include "compiler/Driver.h"

#include "codegen/host/Compile.h"
#include "compiler/Importer.h"
#include "compiler/Session.h"
#include "compiler/SharedWeights.h"
#include "dialect/DiTDialect.h"
#include "mlir/IR/Remarks.h"
#include "mlir/IR/Verifier.h"
#include "runtime/Error.h"
#include "runtime/OpenedInputs.h"
#include "runtime/OutputFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Path.h"
#include <chrono>
#include <thread>

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

/// The model on its way to one target, at one size.
struct Alternative {
  const Target &target;
  const Spec &spec; ///< at that size
  std::string
      name; ///< that of the target, and the size where there are several
  codegen::host::ChainPlace place;
  OwningOpRef<ModuleOp> module;
  std::vector<std::string> passes = {}; ///< that ran, in order
  std::unique_ptr<TargetCode> code = nullptr;
};

class Compilation {
public:
  Compilation(const CompileOptions &options,
              ArrayRef<std::unique_ptr<Target>> targets, Session &session)
      : options(options), targets(targets), session(session) {}

  LogicalResult run() {
    if (failed(checkOutput()) || failed(load()) || failed(spareInputs()))
      return failure();
    tick(Phase::Spec);
    if (failed(finish(Phase::Spec, dit::writeOut(input.spec),
                      options.dumpDirectory)))
      return failure();
    if (options.emit == Phase::Spec)
      return success();
    for (const auto &target : targets)
      if (failed(compileSizes(*target)))
        return failure();
    if (options.emit != Phase::Artifact || options.output.empty())
      return success();
    return writeArtifact();
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

  /// The linker's output does not go through an OutputFile.
  LogicalResult spareInputs() {
    try {
      if (options.emit == Phase::Artifact)
        runtime::refuseInput(options.output);
      return success();
    } catch (const runtime::Error &error) {
      return session.error(error.what());
    }
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
    auto loaded = session.load(options.input, options.size, options.settings);
    if (failed(loaded))
      return failure();
    input = std::move(*loaded);
    specs.push_back(input.spec.at(input.spec.size()));
    if (options.emit == Phase::Artifact)
      for (const auto &size : input.spec.resolutions)
        specs.push_back(input.spec.at(size));
    bool isIR = StringRef(options.input).ends_with(".mlir");
    if (options.emit < (isIR ? input.phase : Phase::Spec))
      return session.error(
          options.input + " has reached phase " + infoOf(input.phase).name +
          ", so " + infoOf(options.emit).name + " cannot be emitted from it");
    return success();
  }

  /// All sizes for one target, which share the packed weights and have tables
  /// of their own.
  LogicalResult compileSizes(const Target &target) {
    size_t first = alternatives.size(), total = targets.size() * specs.size();
    int64_t tablesAt = 0;
    for (const Spec &spec : specs) {
      size_t index = alternatives.size();
      std::string name = target.name();
      if (specs.size() > 1)
        name += "-" + spec.size().show();
      bool isFirst = &spec == &specs.front();
      alternatives.push_back({target,
                              spec,
                              name,
                              {index, index + 1 == total},
                              isFirst
                                  ? OwningOpRef<ModuleOp>(input.module->clone())
                                  : importSpec(&session.context(), spec)});
      if (failed(compile(alternatives.back(), tablesAt)))
        return failure();
      if (specs.size() > 1 &&
          failed(checkSharedWeights(*alternatives[first].module,
                                    *alternatives[index].module)))
        return failure();
      tablesAt = preparedBytes(*alternatives[index].module);
    }
    return success();
  }

  LogicalResult compile(Alternative &alternative, int64_t tablesAt) {
    bool isOneOfMany = targets.size() * specs.size() > 1;
    if (options.timing && isOneOfMany)
      llvm::errs() << alternative.name << '\n';
    SmallString<128> folder(options.dumpDirectory);
    if (!folder.empty() && isOneOfMany)
      llvm::sys::path::append(folder, alternative.name);
    for (Phase phase :
         {Phase::Dit, Phase::Staged, Phase::Fused, Phase::Planned}) {
      if (phase < input.phase)
        continue;
      if (phase > input.phase && failed(advance(alternative, phase, tablesAt)))
        return failure();
      tick(phase);
      bool isText = phase == options.emit || !folder.empty();
      if (isText && failed(finish(phase, print(*alternative.module), folder)))
        return failure();
      if (phase == options.emit)
        return success();
    }
    return makeCode(alternative, folder);
  }

  LogicalResult advance(Alternative &alternative, Phase phase,
                        int64_t tablesAt) {
    ModuleOp module = *alternative.module;
    std::string pipeline =
        *alternative.target.pipelines().find(infoOf(phase).name);
    // This size's tables lie behind those of the sizes before.
    if (StringRef last("dit-plan-memory");
        tablesAt > 0 && StringRef(pipeline).ends_with(last))
      pipeline += "{tables-at=" + std::to_string(tablesAt) + "}";
    module->setAttr(kMachineAttr,
                    alternative.target.machine(session.context()));
    auto ran = runPasses(module, pipeline, options.reports);
    if (!ran)
      return complain(ran.takeError());
    llvm::append_range(alternative.passes, *ran);
    module->setAttr(kPhaseAttr,
                    StringAttr::get(&session.context(), infoOf(phase).name));
    return infoOf(phase).contract(module);
  }

  /// An empty error has been diagnosed.
  LogicalResult complain(llvm::Error error) {
    std::string sentence = llvm::toString(std::move(error));
    return sentence.empty() ? failure() : session.error(sentence);
  }

  LogicalResult makeCode(Alternative &alternative, StringRef folder) {
    if (input.spec.text.empty())
      return session.error(
          options.input +
          " has no dit.spec, which an artifact's manifest is made of");
    if (options.emit == Phase::Artifact &&
        failed(checkInterface(*alternative.module, alternative.spec)))
      return failure();
    auto code =
        alternative.target.makeCode({*alternative.module, alternative.spec,
                                     alternative.passes, alternative.place});
    if (failed(code))
      return failure();
    alternative.code = std::move(*code);
    tick(Phase::Target);
    if (options.emit == Phase::Artifact && !options.output.empty()) {
      if (failed(finishObjects(int64_t(alternatives.size()) - mostAtOnce())))
        return failure();
      alternative.code->start();
    }
    if (options.emit != Phase::Target && folder.empty())
      return success();
    auto text = alternative.code->text();
    return success(succeeded(text) &&
                   succeeded(finish(Phase::Target, *text, folder,
                                    alternative.code->fileName())));
  }

  /// How many alternatives' machine code is made beside one another.
  static int64_t mostAtOnce() {
    return std::max(std::thread::hardware_concurrency(), 1u);
  }

  /// Objects of the first `count` alternatives.
  LogicalResult finishObjects(int64_t count) {
    while (int64_t(objects.size()) < count) {
      Alternative &alternative = alternatives[objects.size()];
      auto object = alternative.code->object();
      if (!object)
        return complain(object.takeError());
      objects.push_back(std::move(*object));
      alternative.code.reset();
    }
    return success();
  }

  LogicalResult writeArtifact() {
    if (failed(finishObjects(alternatives.size())))
      return failure();
    if (options.output == "-")
      return printArtifact();
    if (llvm::Error error =
            codegen::host::linkSharedObject(objects, options.output))
      return complain(std::move(error));
    tick(Phase::Artifact);
    return success();
  }

  /// Through a file, which is what the linker writes.
  LogicalResult printArtifact() {
    SmallString<128> path;
    if (auto error = llvm::sys::fs::createTemporaryFile("ditc", "so", path))
      return session.error("a temporary file: " +
                           runtime::systemMessage(error.value()));
    llvm::FileRemover remover(path);
    if (llvm::Error error = codegen::host::linkSharedObject(objects, path))
      return complain(std::move(error));
    auto bytes = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                             /*RequiresNullTerminator=*/false);
    if (!bytes)
      return session.error(path.str().str() + ": " +
                           runtime::systemMessage(bytes.getError().value()));
    tick(Phase::Artifact);
    return writeOut((*bytes)->getBuffer());
  }

  /// A phase is over: its text where it was asked for, and into the folder of
  /// the dumps where there is one.
  LogicalResult finish(Phase phase, StringRef text, StringRef folder,
                       StringRef file = "") {
    if (!folder.empty()) {
      if (auto error = llvm::sys::fs::create_directories(folder))
        return session.error(folder + ": " +
                             runtime::systemMessage(error.value()));
      SmallString<128> path(folder);
      llvm::sys::path::append(path, file.empty() ? StringRef(infoOf(phase).file)
                                                 : file);
      if (failed(writeFile(path, text)))
        return failure();
    }
    if (phase != options.emit ||
        (options.output.empty() && options.verifyDiagnostics))
      return success();
    if (!options.output.empty() && options.output != "-")
      return writeFile(options.output, text);
    return writeOut(text);
  }

  LogicalResult writeOut(StringRef text) {
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

  void tick(Phase phase) {
    auto now = std::chrono::steady_clock::now();
    std::chrono::duration<double> seconds = now - last;
    last = now;
    if (options.timing)
      llvm::errs() << llvm::format("%-9s %7.3f s\n", infoOf(phase).name.data(),
                                   seconds.count());
  }

  const CompileOptions &options;
  ArrayRef<std::unique_ptr<Target>> targets;
  Session &session;
  Input input;
  std::vector<Spec> specs; ///< one a size, complete before what refers to it
  std::vector<Alternative> alternatives;
  std::vector<std::string> objects; ///< of the first of them, in order
  std::chrono::steady_clock::time_point last = std::chrono::steady_clock::now();
};

} // namespace

int dit::compile(const CompileOptions &options,
                 ArrayRef<std::unique_ptr<Target>> targets) {
  Session session("ditc compile", options.verifyDiagnostics);
  return session.exitCode(Compilation(options, targets, session).run());
}
