// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ditc compile: the flags; what they do is Driver.cpp's.
#include "compiler/Driver.h"
#include "compiler/commands/Commands.h"
#include "runtime/Error.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Regex.h"

using namespace dit;

namespace {

struct CompileFlags {
  CompileOptions options;
  std::string emit = "artifact";
  std::vector<std::string> plugins;
  bool printsPasses = false;

  void addTo(CLI::App &command);
  /// The exit code; throws a FlagError for flags that cannot be.
  int run();
};

/// The fusions that --fuse may name.
std::string fusionNames(const std::string &target) {
  Pipelines pipelines = pipelinesOf({.target = target});
  return llvm::join(fusionsOf(pipelines.fused), ", ");
}

/// Text that --passes takes back, a line a phase; of several targets each
/// under its name.
void printPasses(const std::vector<std::unique_ptr<Target>> &targets) {
  for (const auto &target : targets) {
    if (targets.size() > 1)
      llvm::outs() << target->name() << ":\n";
    const Pipelines &pipelines = target->pipelines();
    llvm::outs() << "staged=" << pipelines.staged
                 << "\nfused=" << pipelines.fused
                 << "\nplanned=" << pipelines.planned << '\n';
  }
  llvm::outs().flush();
}

/// The table of phases, for --help.
std::string describePhases() {
  std::string text = "Phases, for --emit and --dump-phases:\n";
  for (const PhaseInfo &info : phases()) {
    std::string name = info.name.str();
    text += "  " + name + std::string(10 - name.size(), ' ') +
            info.sentence.str() + "\n";
  }
  return text;
}

void CompileFlags::addTo(CLI::App &command) {
  TargetOptions &target = options.target;
  command.add_option("INPUT", options.input,
                     "SPEC.yaml, or IR.mlir of any phase");
  command.add_option(
      "-o,--output", options.output,
      "the file to write; text goes to standard output without it");
  command.add_option("--target", target.target, "cpu or cuda")
      ->capture_default_str();
  command
      .add_option("--arch", target.arch,
                  "cpu: native, x86-64-v3 (AVX2) or x86-64-v4 (AVX-512); cuda: "
                  "sm_80, sm_86, sm_89, sm_90a or sm_100, or a list of them")
      ->capture_default_str();
  command
      .add_option("--dtype", target.dtype,
                  "what matmuls and attention read: f32, or bf16 (on CPUs with "
                  "AVX512_BF16); cuda: also tf32, f32 values multiplied with "
                  "11 bits")
      ->capture_default_str();
  command
      .add_option("--matmul", target.matmul,
                  "cuda: whose matmuls, and so which fusions: generated, "
                  "cublaslt, or both for the GPU to choose by timing")
      ->capture_default_str();
  command
      .add_option("--fuse", target.fuse,
                  "all, none or a list of " + fusionNames("cpu") +
                      "; for cuda of " + fusionNames("cuda"))
      ->capture_default_str();
  command
      .add_option("--passes", target.passes,
                  "PHASE=PIPELINE, such as fused=dit-fuse-adaln,"
                  "dit-verify-regions,dit-wrap-kernels: what to run for that "
                  "phase in place of the target's passes")
      ->allow_extra_args(false);
  command.add_flag("--print-passes", printsPasses,
                   "print the target's passes, a line a phase as --passes "
                   "takes it, and stop");
  command
      .add_option("--load-pass-plugin", plugins,
                  "a shared library whose passes --passes may name")
      ->allow_extra_args(false);
  command
      .add_option("--batch-hint", target.batchHint,
                  "cuda: the batch that tiles are chosen for, guidance's two "
                  "rows a sample counted; every batch runs")
      ->check(CLI::Range(1, 1 << 16))
      ->capture_default_str();
  addSize(command, options.size);
  addSet(command, options.settings);
  command.add_option("--emit", emit, "stop after this phase and write it")
      ->capture_default_str();
  command.add_option("--dump-phases", options.dumpDirectory,
                     "write every phase into this folder");
  command.add_option(
      "--remarks", options.remarks,
      "print the remarks whose category matches, such as 'fusion'");
  command.add_flag("--timing", options.timing, "print the time of each phase");
  command.add_flag("--mlir-timing", options.reports.timing,
                   "print the time of each pass");
  command.add_flag("--mlir-print-ir-after-all", options.reports.irAfterAll,
                   "print the IR after each pass");
  command.add_flag(
      "--verify-diagnostics", options.verifyDiagnostics,
      "for tests: check errors against the file's `expected-error` comments");
  command.footer(describePhases());
}

int CompileFlags::run() {
  for (const std::string &plugin : plugins)
    if (llvm::Error error = loadPassPlugin(plugin))
      throw runtime::FlagError("--load-pass-plugin: " +
                               llvm::toString(std::move(error)));
  auto targets = makeTargets(options.target);
  if (!targets)
    throw runtime::FlagError(llvm::toString(targets.takeError()));
  if (printsPasses) {
    printPasses(*targets);
    return 0;
  }
  if (options.input.empty())
    throw CLI::RequiredError("INPUT");
  auto phase = findPhase(emit);
  if (!phase)
    throw runtime::FlagError(
        "--emit must be spec, dit, staged, fused, planned, target or "
        "artifact, but found '" +
        emit + "'");
  options.emit = *phase;
  if (options.emit == Phase::Artifact && options.output.empty() &&
      !options.verifyDiagnostics)
    throw runtime::FlagError("an artifact needs -o MODEL.so to be written to");
  if (options.size && options.emit == Phase::Spec)
    throw runtime::FlagError("--emit=spec writes the spec as it is, which "
                             "--size=" +
                             options.size->show() + " does not change");
  std::string reason;
  if (!options.remarks.empty() && !llvm::Regex(options.remarks).isValid(reason))
    throw runtime::FlagError("--remarks must be a regular expression, but '" +
                             options.remarks + "' is none: " + reason);
  if (options.emit != Phase::Artifact && targets->size() > 1)
    throw runtime::FlagError(
        "--emit=" + emit + " writes the text of one target, but --arch=" +
        options.target.arch + " --matmul=" + options.target.matmul + " are " +
        std::to_string(targets->size()));
  return compile(options, *targets);
}

} // namespace

void dit::addCompile(CLI::App &app, int &exitCode) {
  auto *command =
      app.add_subcommand("compile", "make a shared library of a spec");
  auto flags = std::make_shared<CompileFlags>();
  flags->addTo(*command);
  command->callback([flags, &exitCode] { exitCode = flags->run(); });
}
