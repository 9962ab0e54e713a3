// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The subcommands that run artifacts, shared by ditc and dit-run, and what a
// tool's main does around them.
#ifndef DIT_RUNTIME_COMMANDS_COMMANDS_H
#define DIT_RUNTIME_COMMANDS_COMMANDS_H

#include "runtime/Device.h"
#include "runtime/Weights.h"

#include <CLI/CLI.hpp>

namespace dit::runtime {

// Each adds one subcommand, whose callback does the work, prints what it made
// on stdout, and throws an Error.
void addSampleCommand(CLI::App &app);
void addJoinCommand(CLI::App &app);
void addDenoiseCommand(CLI::App &app);
void addBenchCommand(CLI::App &app);
void addInspectCommand(CLI::App &app);

/// All of the above, which run an artifact, and --version.
void addRuntimeCommands(CLI::App &app);

/// Figures of samples: ditc's alone, as it runs no artifact.
void addEvaluateCommand(CLI::App &app);

/// Parses the command line and runs its subcommand. Prints every error as
/// "ditc sample: error: ..."; returns 0, 1 for an error, 2 for a bad command
/// line.
int runTool(CLI::App &app, int argc, char **argv);

/// Adds `--threads N`: at least 1, by default one a CPU of this process.
void addThreadsFlag(CLI::App &command, int &threads);
/// Adds `--size HxW` where there is one to choose.
void addSizeFlag(CLI::App &command, std::optional<Resolution> &size);
/// Adds `--size HxW`, `--threads N` and, for a model compiled for GPUs,
/// `--device N`; notices go to stderr.
void addDeviceFlags(CLI::App &command, DeviceOptions &options);
/// Adds `--weights FILE`, by default weights of the seed, and
/// `--ignore-weights`; what was chosen in the file goes to stderr.
void addWeightsFlag(CLI::App &command, std::optional<std::string> &weights,
                    CheckpointOptions &options);
/// The weights in `path`, or those that `seed` makes.
std::unique_ptr<WeightSource> weightsOf(const std::optional<std::string> &path,
                                        uint64_t seed, const Manifest &manifest,
                                        const CheckpointOptions &options);
/// What prints "ditc sample: note: ..." on stderr.
std::function<void(const std::string &)> noticeOf(const CLI::App &command);
/// "memory: 1.3 GB of weights, 640 MB to work in", and the GPU's where it is a
/// GPU's: what will be taken.
std::string describeMemory(const Artifact &artifact, const Device &device,
                           int64_t workBytes);
/// Adds `--seed N`: 0 to 2^64 - 1, by default 0.
void addSeedFlag(CLI::App &command, uint64_t &seed);

} // namespace dit::runtime

#endif // DIT_RUNTIME_COMMANDS_COMMANDS_H
