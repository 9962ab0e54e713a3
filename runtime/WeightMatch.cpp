// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What is missing and what is there instead are shown side by side, shortened.
#include "runtime/WeightMatch.h"

#include "runtime/ConfigExpression.h"
#include "runtime/Error.h"
#include "runtime/Json.h"
#include "runtime/Safetensors.h"

#include <algorithm>
#include <filesystem>
#include <map>

namespace dit::runtime {
namespace {

class Match {
public:
  Match(const Checkpoint &checkpoint, const Manifest &manifest,
        const std::function<void(const std::string &)> &notice)
      : checkpoint(checkpoint), manifest(manifest), notice(notice) {}

  void run() {
    others = checkpoint.mismatches();
    for (const WeightEntry &w : manifest.weights)
      compare(w);
    findExtras();
    comparePositions();
    compareConfig();
    if (!missing.empty())
      findHints();
    // Of both what is missing and what is there instead, some are shown.
    constexpr size_t mostOfAll = 20, mostOfEach = 8;
    bool isMuch = !missing.empty() && !extras.empty() &&
                  missing.size() + extras.size() > mostOfAll;
    size_t most = isMuch ? mostOfEach : missing.size() + extras.size();
    std::vector<std::string> errors = std::move(others);
    append(errors, missing, most, "more are missing");
    append(errors, extras, most, "more are not the model's");
    if (!errors.empty())
      throwMismatches(checkpoint.path(), errors, hints);
  }

private:
  void compare(const WeightEntry &w) {
    const CheckpointTensor *t = checkpoint.find(w.name);
    std::string name = checkpoint.shownName(w.name);
    if (!t && !checkpoint.isExplained(w.name))
      missing.push_back(fmt::format("{} is missing, the model expects {}", name,
                                    showShape(w.shape)));
    if (!t)
      return;
    if (t->shape != w.shape) {
      others.push_back(fmt::format("{} is {}{}, the model expects {}", name,
                                   showShape(t->shape), showParts(*t),
                                   showShape(w.shape)));
      hintOfShape(w, t->shape);
    } else if (!isFloatDtype(t->dtype)) {
      others.push_back(fmt::format("{} is of dtype {}, weights are {}", name,
                                   t->dtype, kFloatDtypes));
    }
  }

  /// " (2 + 2 + 3)" for parts of several shapes.
  static std::string showParts(const CheckpointTensor &t) {
    std::string shapes;
    bool differ = false;
    for (const CheckpointPart &part : t.parts) {
      shapes += (shapes.empty() ? "" : " + ") + showShape(part.stored->shape);
      differ |= part.stored->shape != t.parts[0].stored->shape;
    }
    return differ ? " (" + shapes + ")" : "";
  }

  void findExtras() {
    std::map<std::string, std::string> second; // of a weight that is there
    for (const WeightEntry &w : manifest.weights)
      if (checkpoint.find(w.name))
        second[w.name] = checkpoint.shownName(w.name);
    for (const auto &[name, t] : checkpoint.others()) {
      if (auto at = second.find(name); at != second.end()) {
        others.push_back(fmt::format("{} is there a second time, as {}",
                                     inQuotes(name), at->second));
        continue;
      }
      extraNames.push_back(name);
      extras.push_back(fmt::format("{} ({}) is not a weight of the model {}",
                                   inQuotes(name), showShape(t->shape),
                                   inQuotes(manifest.name)));
    }
  }

  void comparePositions() {
    const CheckpointTensor *stored = checkpoint.find("pos_embed");
    if (!stored || manifest.positionTables.empty())
      return;
    const PositionTable *same = nullptr;
    std::string difference;
    for (const PositionTable &table : manifest.positionTables) {
      if (stored->shape != table.shape() || !isFloatDtype(stored->dtype))
        continue;
      std::vector<float> values(static_cast<size_t>(stored->elements()));
      checkpoint.read(*stored, values.data());
      difference = differenceFrom(table, values, stored->dtype);
      same = &table;
      if (difference.empty())
        return;
    }
    if (same) {
      others.push_back("'pos_embed' " + difference);
      return;
    }
    const PositionTable &first = manifest.positionTables.front();
    others.push_back(
        fmt::format("'pos_embed' is {}, the model expects {}: the tokens of "
                    "{}x{} patches, which `latent` and `patch_size` in the "
                    "spec give",
                    showShape(stored->shape), showShape(first.shape()),
                    first.rows, first.columns));
  }

  /// The config.json beside a folder's weights says what no tensor shows.
  void compareConfig() {
    std::string path = checkpoint.folder() + "/config.json";
    std::error_code ignored;
    if (checkpoint.folder().empty() || manifest.config.empty() ||
        !std::filesystem::exists(path, ignored))
      return;
    constexpr size_t longest = 1 << 20;
    nlohmann::json config;
    try {
      config = parseJson(InputFile(path).all(longest), "the config");
    } catch (const Error &e) {
      if (e.sentences()[0].starts_with(path))
        throw;
      fail("{}: {}", path, e.sentences()[0]);
    }
    if (!config.is_object())
      fail("{}: the config must be an object, but is {}", path, shown(config));
    for (const ConfigEntry &entry : manifest.config) {
      nlohmann::json found = valueIn(config, entry.key, path);
      if (found.is_null() || found == parseJson(entry.value, entry.key))
        continue;
      if (entry.value == "null" && notice)
        notice(fmt::format("{}: is a model of diffusers, but the spec that {} "
                           "was compiled from has {}: it computes these "
                           "weights as the published code does",
                           path, inQuotes(manifest.name), entry.spec));
      if (entry.value != "null")
        others.push_back(fmt::format(
            "its config.json has {} {}, but the spec that {} was compiled "
            "from has {}",
            entry.key, shown(found), inQuotes(manifest.name), entry.spec));
    }
  }

  static nlohmann::json valueIn(const nlohmann::json &config,
                                const std::string &expression,
                                const std::string &path) {
    try {
      return evaluateConfig(expression, [&](const std::string &name) {
        auto found = config.find(name);
        return found == config.end() ? nullptr : &*found;
      });
    } catch (const Error &e) {
      fail("{}: {}", path, e.what());
    }
  }

  /// A key of the spec that would make this shape.
  void hintOfShape(const WeightEntry &w, const std::vector<int64_t> &found) {
    if (found.size() != w.shape.size() || found.empty())
      return;
    int64_t rows = found[0], expected = w.shape[0];
    bool isRest =
        std::equal(found.begin() + 1, found.end(), w.shape.begin() + 1);
    if (!isRest)
      return;
    if (w.name == "y_embedder.embedding_table.weight" && rows == expected - 1)
      hint("the table has no row for no label: `label_dropout: 0` in the spec");
    else if (w.name == "y_embedder.embedding_table.weight" &&
             rows == expected + 1)
      hint("the table has a row more: `label_dropout` above 0 in the spec has "
           "one for no label");
    else if (w.name.starts_with("final_layer.linear.") && 2 * rows == expected)
      hint("the last layer predicts no variance: `learn_sigma: false` in the "
           "spec");
    else if (w.name.starts_with("final_layer.linear.") && rows == 2 * expected)
      hint("the last layer predicts a variance as well: `learn_sigma: true` in "
           "the spec");
  }

  void hint(const std::string &sentence) {
    if (std::find(hints.begin(), hints.end(), sentence) == hints.end())
      hints.push_back(sentence);
  }

  /// How many blocks the names count, by what stands before the number.
  using Counts = std::map<std::string, int64_t>;
  static void count(const std::string &name, Counts &counts) {
    size_t digit = name.find_first_of("0123456789");
    if (digit == name.npos || digit == 0 || name[digit - 1] != '.')
      return;
    int64_t &blocks = counts[name.substr(0, digit)];
    blocks = std::max<int64_t>(blocks, 1 + std::atoll(name.c_str() + digit));
  }

  void findHints() {
    std::filesystem::path path(checkpoint.path());
    std::string file = path.filename().string();
    if (matchesPattern("*-*-of-*", file)) {
      hint("the file's name says that it is one of several: give their folder, "
           "or the index beside them");
      return;
    }
    // A longer beginning than the known ones, or of some names only.
    for (const WeightEntry &w : manifest.weights)
      for (const std::string &name : extraNames)
        if (name.ends_with("." + w.name)) {
          std::string begin = name.substr(0, name.size() - w.name.size() - 1);
          hint(fmt::format("{} ends as a weight of the model does: try {}#{}",
                           inQuotes(name), checkpoint.path(), begin));
          return;
        }
    Counts expected, found;
    for (const WeightEntry &w : manifest.weights)
      for (const std::string &name : checkpoint.storedNames(w.name))
        count(name, expected);
    for (const auto &[name, t] : checkpoint.stored())
      count(name, found);
    for (const auto &[begin, want] : expected)
      if (auto have = found.find(begin);
          have != found.end() && have->second != want)
        hint(fmt::format("the checkpoint has {} blocks, the model {}: `depth` "
                         "in the spec",
                         have->second, want));
    findOtherNames();
  }

  /// The file is of another model, or stored in a layout that none knows.
  void findOtherNames() {
    auto all = static_cast<int64_t>(manifest.weights.size());
    if (manifest.layouts.empty() || 2 * checkpoint.foundCount() >= all)
      return;
    std::string names;
    for (const Layout &layout : manifest.layouts)
      names += (names.empty() ? "" : ", ") + inQuotes(layout.name);
    hint(fmt::format(
        "{} of {} weights are there under the names of {}, and of no layout "
        "more: the spec's `weights` knows {}",
        checkpoint.foundCount(), all,
        checkpoint.layout().empty() ? "the model"
                                    : inQuotes(checkpoint.layout()),
        names));
  }

  static void append(std::vector<std::string> &errors,
                     const std::vector<std::string> &sentences, size_t most,
                     const char *more) {
    size_t shown = std::min(most, sentences.size());
    errors.insert(errors.end(), sentences.begin(), sentences.begin() + shown);
    if (sentences.size() > shown)
      errors.push_back(
          fmt::format("and {} {}", sentences.size() - shown, more));
  }

  const Checkpoint &checkpoint;
  const Manifest &manifest;
  const std::function<void(const std::string &)> &notice;
  std::vector<std::string> others, missing, extras, extraNames, hints;
};

} // namespace

void checkWeights(const Checkpoint &checkpoint, const Manifest &manifest,
                  const std::function<void(const std::string &)> &notice) {
  Match(checkpoint, manifest, notice).run();
}

} // namespace dit::runtime
