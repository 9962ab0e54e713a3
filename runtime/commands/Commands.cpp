// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A tool's main: exit codes, and errors as lines on stderr.
#include "runtime/commands/Commands.h"

#include "runtime/Abi.h"
#include "runtime/Error.h"
#include "runtime/Memory.h"
#include "runtime/OpenedInputs.h"
#include "runtime/commands/Manual.h"
#include "runtime/commands/Messages.h"
#include "runtime/commands/UnknownWord.h"
#include "runtime/cpu/ThreadPool.h"
#include "runtime/sampling/Options.h"

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <sstream>

namespace dit::runtime {

void addRuntimeCommands(CLI::App &app) {
  addSampleCommand(app);
  addJoinCommand(app);
  addDenoiseCommand(app);
  addBenchCommand(app);
  addInspectCommand(app);
  app.set_version_flag(
      "--version", fmt::format("{} {}, for artifacts of ABI version {}",
                               app.get_name(), DITC_VERSION, DIT_ABI_VERSION));
  addManualFlag(app);
}

void addThreadsFlag(CLI::App &command, int &threads) {
  threads = availableThreads();
  command.add_option("--threads", threads, "threads (default: one a CPU)")
      ->check(CLI::Range(1, 1024));
}

void addSizeFlag(CLI::App &command, std::optional<Resolution> &size) {
  command
      .add_option_function<std::string>(
          "--size",
          [&size](const std::string &text) {
            size = parseResolution(text);
            if (!size)
              failFlag("--size must be HEIGHTxWIDTH, such as 24x40, but is {}",
                       inQuotes(text));
          },
          "HEIGHTxWIDTH of x, of those that the artifact has (default: its "
          "first)")
      ->type_name("");
}

void addDeviceFlags(CLI::App &command, DeviceOptions &options) {
  addSizeFlag(command, options.size);
  addThreadsFlag(command, options.threads);
  command
      .add_option("--device", options.device,
                  "number of the GPU, for a model compiled for GPUs (default "
                  "0)")
      ->check(CLI::Range(0, 1023));
  options.notice = noticeOf(command);
}

std::function<void(const std::string &)> noticeOf(const CLI::App &command) {
  return [who = command.get_parent()->get_name() + " " +
                command.get_name()](const std::string &sentence) {
    say("{}: note: {}\n", who, sentence);
  };
}

void addWeightsFlag(CLI::App &command, std::optional<std::string> &weights,
                    CheckpointOptions &options) {
  command.add_option("--weights", weights,
                     "weights, .safetensors or .pt, or a diffusers folder; "
                     "FILE#KEY for a part of a checkpoint (default: random "
                     "ones of the seed)");
  command.add_option("--ignore-weights", options.ignored,
                     "PATTERN of tensors that are not the model's, such as "
                     "'projectors.*'; may be given again");
  options.notice = noticeOf(command);
}

std::unique_ptr<WeightSource> weightsOf(const std::optional<std::string> &path,
                                        uint64_t seed, const Manifest &manifest,
                                        const CheckpointOptions &options) {
  return path ? openWeights(*path, manifest, options)
              : randomWeights(seed, manifest);
}

std::string describeMemory(const Artifact &artifact, const Device &device,
                           int64_t workBytes) {
  int64_t weights = artifact.preparedBytes(device.manifest());
  std::string text = fmt::format("memory: {} of weights, {} to work in",
                                 showBytes(static_cast<double>(weights)),
                                 showBytes(static_cast<double>(workBytes)));
  if (!device.isHost())
    text +=
        fmt::format(", on {}, {}", device.describe(), device.describeMemory());
  return text;
}

void addSeedFlag(CLI::App &command, uint64_t &seed) {
  command.add_option_function<std::string>(
      "--seed", [&seed](const std::string &text) { seed = parseSeed(text); },
      "of all that is random (default 0)");
}

/// "ditc sample" once a subcommand is known, else "ditc".
static std::string speaker(const CLI::App &app, int argc, char **argv) {
  std::string name = app.get_name();
  if (argc > 1)
    for (const CLI::App *command :
         app.get_subcommands([](const CLI::App *) { return true; }))
      if (command->get_name() == argv[1])
        return name + " " + command->get_name();
  return name;
}

static int report(const std::string &speaker,
                  const std::vector<std::string> &sentences, int code) {
  std::fflush(stdout);
  for (const std::string &sentence : sentences)
    say("{}: error: {}\n", speaker, sentence);
  return code;
}

/// CLI11's sentence in our style: one line, lower case, no full stop.
static std::string sentenceOf(const CLI::ParseError &e) {
  std::string text = e.what();
  std::replace(text.begin(), text.end(), '\n', ' ');
  while (!text.empty() && (text.back() == '.' || text.back() == ' '))
    text.pop_back();
  if (text.size() > 1 && std::isupper(static_cast<unsigned char>(text[0])) &&
      std::islower(static_cast<unsigned char>(text[1])))
    text[0] =
        static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  return text;
}

/// A result that did not reach its reader is an error, too.
static int flushResults(const std::string &who) {
  errno = 0;
  if (std::fflush(stdout) == 0)
    return 0;
  std::string reason = systemMessage(errno);
  std::clearerr(stdout);
  return report(who, {"standard output cannot be written: " + reason}, 1);
}

int runTool(CLI::App &app, int argc, char **argv) {
  constexpr int diagnosed = 1, badCommandLine = 2;
  guardStandardStreams();
  OpenedInputs inputs;
  std::string who = speaker(app, argc, argv);
  try {
    app.parse(argc, argv);
    return flushResults(who);
  } catch (const CLI::ParseError &e) {
    if (e.get_exit_code() == 0) {
      std::ostringstream text;
      app.exit(e, text, text); // --help, --version
      std::fputs(text.str().c_str(), stdout);
      return flushResults(who);
    }
    std::string unknown = sentenceOfUnknownWord(app, argc, argv);
    return report(who, {unknown.empty() ? sentenceOf(e) : unknown},
                  badCommandLine);
  } catch (const FlagError &e) {
    return report(who, e.sentences(), badCommandLine);
  } catch (const Error &e) {
    return report(who, e.sentences(), diagnosed);
  } catch (const std::bad_alloc &) {
    return report(who, {"the machine has not enough memory for this"},
                  diagnosed);
  } catch (const std::length_error &) {
    return report(who, {"the machine has not enough memory for this"},
                  diagnosed);
  }
}

} // namespace dit::runtime
