// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A near word is one that a few keys away.
#include "runtime/commands/UnknownWord.h"

#include "runtime/Error.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <vector>

namespace dit::runtime {
namespace {

/// How many letters are to be put in, taken out or replaced.
size_t editDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0]++;
    for (size_t j = 0; j < b.size(); ++j) {
      size_t replaced = diagonal + (a[i] != b[j]);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j] + 1, row[j + 1] + 1, replaced});
    }
  }
  return row.back();
}

/// ", did you mean 'sample'?", or nothing.
std::string guess(const std::string &word,
                  const std::vector<std::string> &known) {
  const std::string *nearest = nullptr;
  size_t least = 3;
  for (const std::string &name : known) {
    // A beginning is meant to be more of it.
    size_t distance = name.starts_with(word) ? 1 : editDistance(word, name);
    if (distance < least && distance < word.size()) {
      nearest = &name;
      least = distance;
    }
  }
  return nearest ? fmt::format(", did you mean {}?", inQuotes(*nearest)) : "";
}

std::vector<const CLI::App *> commandsOf(const CLI::App &app) {
  return app.get_subcommands([](const CLI::App *) { return true; });
}

std::vector<std::string> flagsOf(const CLI::App &command) {
  std::vector<std::string> names;
  for (const CLI::Option *option : command.get_options())
    for (const std::string &name : option->get_lnames())
      names.push_back("--" + name);
  return names;
}

} // namespace

std::string sentenceOfUnknownWord(const CLI::App &app, int argc, char **argv) {
  std::vector<std::string> names;
  const CLI::App *command = nullptr;
  std::string first = argc > 1 ? argv[1] : "";
  for (const CLI::App *c : commandsOf(app)) {
    names.push_back(c->get_name());
    if (c->get_name() == first)
      command = c;
  }
  std::string list = fmt::format("{}", fmt::join(names, ", "));
  if (first.empty())
    return "expected a command: " + list;
  if (!command && !first.starts_with("-")) {
    if (first.ends_with(".yaml") &&
        std::find(names.begin(), names.end(), "compile") != names.end())
      return fmt::format("expected a command before {}, such as compile",
                         inQuotes(first));
    std::string meant = guess(first, names);
    return fmt::format("there is no command {}{}", inQuotes(first),
                       meant.empty() ? ", but " + list : meant);
  }
  const CLI::App &of = command ? *command : app;
  std::vector<std::string> known = flagsOf(of);
  for (int i = command ? 2 : 1; i < argc; ++i) {
    std::string word = argv[i];
    if (word == "--")
      break;
    word = word.substr(0, word.find('='));
    if (word.starts_with("--") &&
        std::find(known.begin(), known.end(), word) == known.end())
      return fmt::format("there is no flag {}{}", inQuotes(word),
                         guess(word, known));
  }
  return "";
}

} // namespace dit::runtime
