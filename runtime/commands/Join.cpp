// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ditc join: the parts of a series, made by ditc sample --shard, as one file.
#include "runtime/commands/Commands.h"

#include "runtime/Error.h"
#include "runtime/MappedFile.h"
#include "runtime/OpenedInputs.h"
#include "runtime/commands/Messages.h"
#include "runtime/images/NpzSeries.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <memory>

namespace dit::runtime {
namespace {

struct JoinFlags {
  std::vector<std::string> parts;
  std::string output;
};

/// A part, and its settings without `samples`.
struct Part {
  std::unique_ptr<MappedFile> file;
  nlohmann::ordered_json settings;
  std::string_view samples;
  std::vector<int32_t> labels;
  int64_t size;
};

/// The parts by their first sample.
std::map<int64_t, Part> readParts(const std::vector<std::string> &paths) {
  std::map<int64_t, Part> parts;
  for (const std::string &path : paths) {
    Part part{std::make_unique<MappedFile>(path), {}, {}, {}, 0};
    rememberInput(path);
    int64_t first;
    try {
      part.settings = npzSettings(part.file->bytes());
      part.samples = npzSamples(part.file->bytes());
      part.labels = npzLabels(part.file->bytes());
      part.size = arrayOf(part.settings).shape[0];
      first = part.settings["samples"][0];
      part.settings.erase("samples");
    } catch (const Error &e) {
      fail("{}: {}", path, e.sentences()[0]);
    }
    auto [other, isNew] = parts.try_emplace(first, std::move(part));
    if (!isNew)
      fail("{}: begins with sample {}, as {} does", path, first,
           other->second.file->path());
  }
  return parts;
}

/// All of one series, without gaps.
void checkParts(const std::map<int64_t, Part> &parts) {
  const Part &reference = parts.begin()->second;
  int64_t next = 0;
  for (const auto &[first, part] : parts) {
    if (part.settings != reference.settings)
      fail("{}: was made with other settings than {}", part.file->path(),
           reference.file->path());
    if (first != next)
      fail("{}: begins with sample {}, but the parts before it end at {}",
           part.file->path(), first, next);
    next += part.size;
  }
  nlohmann::json count =
      reference.settings.value("count", nlohmann::ordered_json());
  if (count != next)
    fail("the parts have {} samples of {}", next, count.dump());
}

void joinCommand(const JoinFlags &flags) {
  std::map<int64_t, Part> parts = readParts(flags.parts);
  checkParts(parts);
  nlohmann::ordered_json settings = parts.begin()->second.settings;
  settings["samples"] = {int64_t{0}, settings["count"].get<int64_t>()};
  NpzSeries file(flags.output, settings);
  std::vector<int32_t> labels;
  for (const auto &[first, part] : parts) {
    labels.insert(labels.end(), part.labels.begin(), part.labels.end());
    size_t one = part.samples.size() / static_cast<size_t>(part.size);
    size_t chunk = std::max<size_t>(1, (size_t{64} << 20) / one) * one;
    // A join that was killed goes on, too.
    size_t there = static_cast<size_t>(
                       std::clamp<int64_t>(file.done() - first, 0, part.size)) *
                   one;
    for (size_t at = there; at < part.samples.size(); at += chunk)
      file.append(part.samples.data() + at,
                  std::min(chunk, part.samples.size() - at));
  }
  file.finish(labels);
  announce(flags.output, "{} samples of {} parts\n", file.size(), parts.size());
}

} // namespace

void addJoinCommand(CLI::App &app) {
  auto flags = std::make_shared<JoinFlags>();
  CLI::App *c = app.add_subcommand(
      "join", "join the parts that sample --shard made, in any order");
  c->add_option("parts", flags->parts, "PART.npz ...")->required();
  c->add_option("-o,--output", flags->output, "OUT.npz")->required();
  c->callback([flags] { joinCommand(*flags); });
}

} // namespace dit::runtime
