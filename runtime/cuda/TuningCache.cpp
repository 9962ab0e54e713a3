// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/cuda/TuningCache.h"

#include "runtime/Error.h"
#include "runtime/Json.h"
#include "runtime/OutputFile.h"

#include <filesystem>
#include <fstream>

namespace dit::runtime::cuda {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int64_t kMostBytes = 16 << 20;

TuningCache::TuningCache(std::string path, Notice notice)
    : path(std::move(path)), notice(std::move(notice)), choices(read()) {}

std::string TuningCache::userPath() {
  // The XDG specification: a relative path counts as none.
  const char *cache = std::getenv("XDG_CACHE_HOME");
  if (cache && *cache == '/')
    return std::string(cache) + "/ditc/tuning.json";
  const char *home = std::getenv("HOME");
  return home && *home ? std::string(home) + "/.cache/ditc/tuning.json" : "";
}

std::map<std::string, TuningCache::Choice> TuningCache::read() {
  std::map<std::string, Choice> found;
  std::ifstream file(path, std::ios::binary);
  if (path.empty() || !file)
    return found;
  try {
    std::error_code none;
    if (fs::file_size(path, none) > static_cast<uintmax_t>(kMostBytes))
      fail("the file is larger than {} bytes", kMostBytes);
    std::string text(std::istreambuf_iterator<char>(file), {});
    json parsed = parseJson(text, "the file");
    JsonReader reader(parsed, "tuning file");
    reader.integer("tuning", 1, 1);
    reader.object("choices");
    for (const auto &[key, value] : parsed.at("choices").items()) {
      JsonReader choice(value, "tuning file key 'choices." + key + "'");
      found[key] = {choice.string("choice"),
                    choice.number("microseconds", 0, 1e12)};
    }
  } catch (const Error &error) {
    note(fmt::format("{}: ignored, what it held is measured again: {}", path,
                     error.what()));
    found.clear();
  }
  return found;
}

std::optional<TuningCache::Choice>
TuningCache::find(const std::string &key) const {
  auto at = choices.find(key);
  return at == choices.end() ? std::nullopt : std::optional(at->second);
}

void TuningCache::put(const std::string &key, Choice choice) {
  choices[key] = added[key] = std::move(choice);
}

void TuningCache::save() {
  if (added.empty() || path.empty())
    return;
  // Another process may have written since: what it found is kept.
  std::map<std::string, Choice> all = TuningCache(path, {}).choices;
  for (const auto &[key, choice] : added)
    all[key] = choice;
  json list = json::object();
  for (const auto &[key, choice] : all)
    list[key] = {{"choice", choice.choice},
                 {"microseconds", choice.microseconds}};
  json whole = {{"tuning", 1}, {"choices", std::move(list)}};
  try {
    std::error_code none;
    fs::create_directories(fs::path(path).parent_path(), none);
    OutputFile file(path);
    file.write(whole.dump(1, ' ', false, json::error_handler_t::replace) +
               "\n");
    file.commit();
    added.clear();
  } catch (const Error &error) {
    note(fmt::format("{}; what was measured is lost with this process",
                     error.what()));
  }
}

} // namespace dit::runtime::cuda
