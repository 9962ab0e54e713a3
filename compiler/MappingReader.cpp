// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Values of single keys; what keys there are is SpecReader.cpp's matter.
#include "compiler/MappingReader.h"

#include "runtime/Error.h"
#include "llvm/ADT/StringExtras.h"
#include <charconv>
#include <cmath>

using namespace mlir;
using namespace dit;

namespace {

/// Names that other projects have for our keys.
constexpr std::pair<StringLiteral, StringLiteral> kSynonyms[] = {
    {"hidden_size", "width"},   {"hidden_dim", "width"},
    {"dim", "width"},           {"num_layers", "depth"},
    {"layers", "depth"},        {"num_heads", "heads"},
    {"n_head", "heads"},        {"num_attention_heads", "heads"},
    {"num_classes", "classes"}, {"class_dropout_prob", "label_dropout"},
    {"in_channels", "latent"},  {"input_size", "latent"},
    {"cfg_scale", "guidance"},  {"cfg_channels", "guidance"},
    {"norm_eps", "norm"},       {"activation", "mlp"}};

/// 4096 as 4096, 1e-6 as 1e-06.
std::string show(double value) {
  char text[32];
  snprintf(text, sizeof text, "%.10g", value);
  return text;
}

template <typename T> bool parseWhole(StringRef text, T &out) {
  text.consume_front("+");
  auto [end, error] = std::from_chars(text.begin(), text.end(), out);
  return error == std::errc() && end == text.end();
}

/// Looks like an integer, so that what fails to parse is too large.
bool isDigits(StringRef text) {
  text.consume_front("+") || text.consume_front("-");
  return !text.empty() && llvm::all_of(text, llvm::isDigit);
}

} // namespace

StringRef dit::nearestName(StringRef word, ArrayRef<StringRef> candidates) {
  for (auto [theirs, ours] : kSynonyms)
    if (word == theirs && llvm::is_contained(candidates, ours))
      return ours;
  StringRef best;
  unsigned bestDistance = std::max<unsigned>(2, word.size() / 3) + 1;
  if (word.size() > 64)
    return best;
  for (StringRef candidate : candidates) {
    unsigned distance = word.edit_distance(candidate, true, bestDistance);
    if (distance < bestDistance && distance < candidate.size())
      best = candidate, bestDistance = distance;
  }
  return best;
}

StringRef dit::describe(const YamlNode &node) {
  switch (node.kind) {
  case YamlNode::Null:
    return "nothing";
  case YamlNode::Sequence:
    return "a list";
  case YamlNode::Mapping:
    return "a mapping";
  case YamlNode::Scalar:
    return "a string";
  }
  llvm_unreachable("all kinds are above");
}

std::string Bound::words() const {
  if (!std::isfinite(max))
    return (minIsOpen ? "greater than " : "at least ") + show(min);
  if (minIsOpen)
    return "greater than " + show(min) + " and at most " + show(max);
  return "from " + show(min) + " to " + show(max);
}

std::string MappingReader::qualified(StringRef key) const {
  return path.empty() ? key.str() : path + "." + key.str();
}

const YamlEntry *MappingReader::take(StringRef key) {
  known.push_back(key);
  return mapping.find(key);
}

std::optional<StringRef>
MappingReader::scalar(StringRef key, const YamlNode &value, StringRef what) {
  if (value.kind == YamlNode::Scalar && !value.quoted)
    return StringRef(value.text);
  auto diag = error(value.loc) << qualified(key) << " must be " << what
                               << ", but found " << describe(value);
  if (value.kind == YamlNode::Scalar)
    diag << ' ' << runtime::inQuotes(value.text);
  return std::nullopt;
}

void MappingReader::integer(StringRef key, Located<int64_t> &out, Bound bound,
                            StringRef what) {
  const YamlEntry *entry = take(key);
  if (!entry)
    return;
  const YamlNode &value = entry->value;
  auto text = scalar(key, value, what);
  if (!text)
    return;
  int64_t number;
  bool parsed = parseWhole(*text, number);
  if (!parsed && !isDigits(*text)) {
    error(value.loc) << qualified(key) << " must be " << what << ", but found "
                     << runtime::inQuotes(*text);
  } else if (!parsed || !bound.holds(number)) {
    error(value.loc) << qualified(key) << " must be " << bound.words()
                     << ", but found "
                     << (text->size() > 40 ? runtime::inQuotes(*text)
                                           : text->str());
  } else {
    out = {number, value.loc};
  }
}

void MappingReader::number(StringRef key, Located<double> &out, Bound bound) {
  const YamlEntry *entry = take(key);
  if (!entry)
    return;
  const YamlNode &value = entry->value;
  auto text = scalar(key, value, "a number");
  if (!text)
    return;
  double number;
  // from_chars takes "nan" and "inf", which YAML spells with a dot.
  if (!text->ltrim("+-").starts_with_insensitive(".nan") &&
      !text->ltrim("+-").starts_with_insensitive(".inf") &&
      (!parseWhole(*text, number) || !std::isfinite(number))) {
    error(value.loc) << qualified(key) << " must be a number, but found "
                     << runtime::inQuotes(*text);
  } else if (text->contains_insensitive("nan") ||
             text->contains_insensitive("inf")) {
    error(value.loc) << qualified(key) << " must be a finite number, but found "
                     << *text;
  } else if (!bound.holds(number)) {
    error(value.loc) << qualified(key) << " must be " << bound.words()
                     << ", but found " << show(number);
  } else {
    out = {number, value.loc};
  }
}

void MappingReader::flag(StringRef key, Located<bool> &out) {
  const YamlEntry *entry = take(key);
  if (!entry)
    return;
  auto text = scalar(key, entry->value, "true or false");
  if (!text)
    return;
  if (*text == "true" || *text == "false")
    out = {*text == "true", entry->value.loc};
  else
    error(entry->value.loc)
        << qualified(key) << " must be true or false, but found "
        << runtime::inQuotes(*text);
}

void MappingReader::string(StringRef key, Located<std::string> &out,
                           size_t maxBytes) {
  const YamlEntry *entry = take(key);
  if (!entry)
    return;
  const YamlNode &value = entry->value;
  if (value.kind != YamlNode::Scalar)
    error(value.loc) << qualified(key) << " must be a string, but found "
                     << describe(value);
  else if (value.text.empty() || value.text.size() > maxBytes)
    error(value.loc) << qualified(key) << " must have 1 to " << maxBytes
                     << " bytes, but has " << value.text.size();
  else if (llvm::any_of(value.text, [](char c) { return c >= 0 && c < 0x20; }))
    error(value.loc) << qualified(key)
                     << " must be one line, but has a control character";
  else
    out = {value.text, value.loc};
}

int64_t MappingReader::choose(StringRef key, const YamlEntry &entry,
                              ArrayRef<StringRef> names) {
  std::string all =
      names.size() > 1 ? "one of " + llvm::join(names, ", ") : names[0].str();
  auto text = scalar(key, entry.value, all);
  if (!text)
    return -1;
  if (auto *found = llvm::find(names, *text); found != names.end())
    return found - names.begin();
  auto diag = error(entry.value.loc)
              << qualified(key) << " must be " << all << ", but found "
              << runtime::inQuotes(*text);
  if (StringRef guess = nearestName(*text, names);
      !guess.empty() && names.size() > 1)
    diag << "; did you mean '" << guess << "'?";
  return -1;
}

void MappingReader::word(StringRef key, Located<std::string> &out,
                         ArrayRef<StringRef> names) {
  const YamlEntry *entry = take(key);
  if (!entry)
    return;
  int64_t index = choose(key, *entry, names);
  if (index >= 0)
    out = {names[index].str(), entry->value.loc};
}

void MappingReader::mappingAt(StringRef key,
                              llvm::function_ref<void(MappingReader &)> what) {
  const YamlEntry *entry = take(key);
  if (!entry)
    return;
  if (entry->value.kind != YamlNode::Mapping) {
    error(entry->value.loc)
        << qualified(key) << " must be a mapping, but found "
        << describe(entry->value);
    return;
  }
  MappingReader inner(entry->value, qualified(key));
  what(inner);
  inner.finish();
  hasFailed |= inner.failed();
}

void MappingReader::require(ArrayRef<StringRef> keys) {
  for (StringRef key : keys)
    if (!mapping.find(key))
      error(mapping.loc) << "missing key '" << qualified(key)
                         << "', it has no default";
}

void MappingReader::unknown(const YamlEntry &entry) {
  auto diag = error(entry.keyLoc)
              << "unknown key " << runtime::inQuotes(entry.key);
  if (!path.empty())
    diag << " in " << path;
  if (StringRef guess = nearestName(entry.key, known); !guess.empty())
    diag << ", did you mean '" << guess << "'?";
}

void MappingReader::finish() {
  for (const YamlEntry &entry : mapping.entries)
    if (!llvm::is_contained(known, entry.key))
      unknown(entry);
}
