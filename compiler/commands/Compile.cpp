// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ditc compile: the flags; what they do is Driver.cpp's.
#include "compiler/Driver.h"
#include "compiler/commands/Commands.h"
#include "runtime/Error.h"
#include "llvm/Support/Regex.h"

using namespace dit;

namespace {

struct CompileFlags {
  CompileOptions options;
  std::string emit = "artifact";

  void addTo(CLI::App &command);
  /// The exit code; throws a FlagError for flags that cannot be.
  int run();
};

std::string fusionNames() {
  std::string names;
  for (const PassUse &use : cpuFusions())
    if (!use.fusion.empty())
      names += (names.empty() ? "" : ", ") + use.fusion;
  return names;
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
  command
      .add_option("INPUT", options.input, "SPEC.yaml, or IR.mlir of any phase")
      ->required();
  command.add_option(
      "-o,--output", options.output,
      "the file to write; text goes to standard output without it");
  command.add_option("--target", target.target, "cpu or cuda")
      ->capture_default_str();
  command
      .add_option("--arch", target.arch,
                  "cpu: native, x86-64-v3 (AVX2) or x86-64-v4 (AVX-512); cuda: "
                  "sm_80, sm_86, sm_89, sm_90a or sm_100")
      ->capture_default_str();
  command.add_option("--dtype", target.dtype, "f32")->capture_default_str();
  command
      .add_option("--fuse", target.fuse,
                  "all, none or a list of " + fusionNames())
      ->capture_default_str();
  command.add_option("--emit", emit, "stop after this phase and write it")
      ->capture_default_str();
  command.add_option("--dump-phases", options.dumpDirectory,
                     "write every phase into this folder");
  command.add_option(
      "--remarks", options.remarks,
      "print the remarks whose category matches, such as 'fusion'");
  command.add_flag("--timing", options.timing, "print the time of each phase");
  command.add_flag(
      "--verify-diagnostics", options.verifyDiagnostics,
      "for tests: check errors against the file's `expected-error` comments");
  command.footer(describePhases());
}

int CompileFlags::run() {
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
  std::string reason;
  if (!options.remarks.empty() && !llvm::Regex(options.remarks).isValid(reason))
    throw runtime::FlagError("--remarks must be a regular expression, but '" +
                             options.remarks + "' is none: " + reason);
  auto target = makeTarget(options.target);
  if (!target)
    throw runtime::FlagError(llvm::toString(target.takeError()));
  return compile(options, **target);
}

} // namespace

void dit::addCompile(CLI::App &app, int &exitCode) {
  auto *command =
      app.add_subcommand("compile", "make a shared library of a spec");
  auto flags = std::make_shared<CompileFlags>();
  flags->addTo(*command);
  command->callback([flags, &exitCode] { exitCode = flags->run(); });
}
