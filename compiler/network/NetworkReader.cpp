// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The sections, and values as the tables say them.
#include "compiler/network/NetworkReader.h"

#include "compiler/MappingReader.h"
#include "compiler/network/Import.h"
#include "compiler/network/Layouts.h"
#include "runtime/Error.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace dit;
using runtime::inQuotes;

ArrayRef<StringRef> dit::networkSections() {
  static const StringRef sections[] = {
      "sizes",  "inputs", "conditions", "streams", "rope",  "attention",
      "define", "blocks", "final",      "weights", "import"};
  return sections;
}

FailureOr<YamlNode> NetworkReader::read() {
  YamlNode network = YamlNode::make(YamlNode::Mapping, spec.loc);
  auto section = [&](StringRef key,
                     llvm::function_ref<YamlNode(const YamlEntry &)> read) {
    const YamlEntry *entry = spec.find(key);
    if (!entry || !must(entry->value, YamlNode::Mapping, key))
      return;
    YamlNode mapping = YamlNode::make(YamlNode::Mapping, entry->value.loc);
    for (const YamlEntry &inner : entry->value.entries) {
      name(YamlNode::scalar(inner.key, inner.keyLoc), "a name in " + key.str());
      mapping.entries.push_back({inner.key, inner.keyLoc, read(inner)});
    }
    network.entries.push_back({key.str(), entry->keyLoc, std::move(mapping)});
  };
  checkDefaults(spec.at("attention"), kAttention);
  checkDefaults(spec.at("mlp"), kMlp, /*othersRead=*/true);
  checkDefaults(spec.at("norm"), kNorm, /*othersRead=*/true);
  checkDefaults(spec.at("timestep"), *findStep("sinusoid"),
                /*othersRead=*/true);
  if (const YamlNode *streams = spec.at("streams"))
    for (const YamlEntry &entry : streams->entries)
      streamNames.push_back(entry.key);
  section("sizes", [](const YamlEntry &entry) { return entry.value; });
  section("inputs",
          [&](const YamlEntry &entry) { return fill(entry.value, kInput); });
  auto readChain = [&](const YamlEntry &entry) { return chain(entry.value); };
  section("conditions", readChain);
  section("streams", readChain);
  if (const YamlEntry *rope = spec.find("rope")) {
    YamlNode filled = fill(rope->value, kRope);
    addGridTo(filled);
    network.entries.push_back({"rope", rope->keyLoc, std::move(filled)});
  }
  for (StringRef key : {"streams", "blocks", "final"})
    if (!spec.find(key))
      error(spec.loc) << "missing key '" << key << "', it has no default";
  if (const YamlEntry *entry = spec.find("blocks"))
    network.entries.push_back({"blocks", entry->keyLoc, blocks(entry->value)});
  if (const YamlEntry *entry = spec.find("final"))
    network.entries.push_back({"final", entry->keyLoc, final(entry->value)});
  section("weights", [&](const YamlEntry &entry) {
    if (must(entry.value, YamlNode::Mapping, entry.key))
      for (const YamlEntry &rule : entry.value.entries)
        if (must(rule.value, YamlNode::Scalar, "an expression of a layout"))
          hasFailed |= !readLayout(rule.value, places);
    return entry.value;
  });
  if (const YamlEntry *entry = spec.find("import")) {
    hasFailed |= failed(checkImport(entry->value, places));
    network.entries.push_back(*entry);
  }
  if (hasFailed)
    return failure();
  return network;
}

bool NetworkReader::must(const YamlNode &node, YamlNode::Kind kind,
                         StringRef what) {
  if (node.kind == kind)
    return true;
  auto diag = error(node.loc) << what << " must be "
                              << (kind == YamlNode::Mapping    ? "a mapping"
                                  : kind == YamlNode::Sequence ? "a list"
                                                               : "one value")
                              << ", but found " << describe(node);
  if (node.kind == YamlNode::Scalar)
    diag << ' ' << inQuotes(node.text);
  return false;
}

void NetworkReader::name(const YamlNode &node, StringRef what) {
  StringRef text = node.text;
  if (!must(node, YamlNode::Scalar, what))
    return;
  if (text.size() > 100 || text.empty() || !llvm::isLower(text.front()) ||
      !llvm::all_of(text, [](char c) {
        return llvm::isLower(c) || llvm::isDigit(c) || c == '_' || c == '.';
      }))
    error(node.loc) << what << " must be small letters, digits and _, but "
                    << "found " << inQuotes(text);
}

YamlNode NetworkReader::list(const YamlNode &node) {
  if (node.kind == YamlNode::Sequence)
    return node;
  YamlNode sequence = YamlNode::make(YamlNode::Sequence, node.loc);
  sequence.add("", node);
  return sequence;
}

void NetworkReader::unknownKey(const YamlEntry &entry, const KeyTable &table,
                               ArrayRef<StringRef> more) {
  auto diag = error(entry.keyLoc);
  diag << table.what << " has no " << inQuotes(entry.key);
  SmallVector<StringRef> names(more);
  for (const Key &key : table.keys)
    names.push_back(key.name);
  for (const KeyTable &step : stepTables())
    for (const Key &key : step.keys)
      if (key.name == entry.key && table.find("body")) {
        diag << "; write body: {" << step.what << ": .., " << key.name
             << ": ..}";
        return;
      }
  if (StringRef guess = nearestName(entry.key, names); !guess.empty())
    diag << ", did you mean '" << guess << "'?";
}

YamlNode NetworkReader::fill(const YamlNode &node, const KeyTable &table,
                             Scopes scopes, ArrayRef<StringRef> more) {
  YamlNode filled = YamlNode::make(YamlNode::Mapping, node.loc);
  if (!must(node, YamlNode::Mapping, table.what))
    return filled;
  for (const Key &key : table.keys) {
    const YamlEntry *found = node.find(key.name);
    // Of a step the first key is the op; as a default it is the activation.
    StringRef asDefault = &key == table.keys.begin() && table.what == "mlp"
                              ? "activation"
                              : StringRef(key.name);
    for (const YamlNode *scope : scopes)
      if (!found)
        found = scope->find(asDefault);
    if (found)
      filled.entries.push_back(
          {key.name.str(), found->keyLoc, value(key, found->value, table)});
    else if (!key.byDefault.empty())
      filled.add(key.name, YamlNode::scalar(key.byDefault));
    else if (key.isRequired)
      error(node.loc) << table.what << " needs '" << key.name
                      << "', which has no default";
  }
  for (const YamlEntry &entry : node.entries)
    if (!table.find(entry.key) && !llvm::is_contained(more, entry.key))
      unknownKey(entry, table, more);
  return filled;
}

void NetworkReader::checkDefaults(const YamlNode *section,
                                  const KeyTable &table, bool othersRead) {
  if (!section || !must(*section, YamlNode::Mapping, table.what))
    return;
  bool isStep = findStep(table.what);
  for (const YamlEntry &entry : section->entries) {
    // The first key of a step is its op; of an mlp the activation is said here.
    const Key *key = table.what == "mlp" && entry.key == "activation"
                         ? table.keys.begin()
                         : table.find(entry.key);
    bool isOp = isStep && entry.key == table.keys.front().name;
    if (key && !isOp)
      value(*key, entry.value, table);
    else if (!othersRead)
      unknownKey(entry, table, {"activation"});
  }
}

YamlNode NetworkReader::word(const Key &key, const YamlNode &node,
                             const KeyTable &table) {
  if (!must(node, YamlNode::Scalar, key.name))
    return node;
  SmallVector<StringRef> words;
  StringRef(key.words).split(words, ' ');
  if (llvm::is_contained(words, node.text))
    return node;
  auto diag = error(node.loc)
              << key.name << " must be " << (words.size() > 1 ? "one of " : "")
              << llvm::join(words, ", ") << ", but found "
              << inQuotes(node.text);
  if (StringRef guess = nearestName(node.text, words); !guess.empty())
    diag << "; did you mean '" << guess << "'?";
  return node;
}

YamlNode NetworkReader::value(const Key &key, const YamlNode &node,
                              const KeyTable &table) {
  switch (key.kind) {
  case Kind::Size:
  case Kind::Number:
    must(node, YamlNode::Scalar, key.name);
    return node;
  case Kind::Sizes:
    if (must(node, YamlNode::Sequence, key.name) && node.entries.size() != 2)
      error(node.loc) << key.name << " must be two sizes, but are "
                      << node.entries.size();
    return node;
  case Kind::Flag:
    if (must(node, YamlNode::Scalar, key.name) && !node.is("true") &&
        !node.is("false"))
      error(node.loc) << key.name << " must be true or false, but found "
                      << inQuotes(node.text);
    return node;
  case Kind::Word:
    return word(key, node, table);
  case Kind::Name:
    name(node, key.name);
    return node;
  case Kind::Names: {
    YamlNode names = list(node);
    for (const YamlEntry &entry : names.entries)
      name(entry.value, key.name);
    return names;
  }
  case Kind::Weight:
    if (must(node, YamlNode::Scalar, key.name) &&
        (node.text.empty() || node.text.size() > 200))
      error(node.loc) << key.name << " must have 1 to 200 bytes, but has "
                      << node.text.size();
    return node;
  case Kind::Weights:
    if (must(node, YamlNode::Sequence, key.name) && node.entries.size() != 2)
      error(node.loc) << key.name << " must be two names, but are "
                      << node.entries.size();
    for (const YamlEntry &entry : node.entries)
      must(entry.value, YamlNode::Scalar, key.name);
    return node;
  default:
    return node; // what reads the mapping reads it
  }
}
