// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Chains: a source, then steps.
#include "compiler/MappingReader.h"
#include "compiler/network/NetworkReader.h"
#include "runtime/Error.h"

using namespace mlir;
using namespace dit;
using runtime::inQuotes;

/// `t`, `[t, silu]` and `{sum: [a, b]}` are chains.
YamlNode NetworkReader::chain(const YamlNode &node) {
  YamlNode written = list(node);
  YamlNode chain = YamlNode::make(YamlNode::Sequence, node.loc);
  if (written.entries.empty()) {
    error(node.loc) << "a chain must begin with a source, but is empty";
    return chain;
  }
  chain.add("", source(written.entries.front().value));
  Defaults none;
  for (const YamlEntry &entry : ArrayRef(written.entries).drop_front())
    chain.add("", step(entry.value, none));
  return chain;
}

YamlNode NetworkReader::source(const YamlNode &node) {
  if (node.kind == YamlNode::Sequence)
    return chain(node);
  if (node.kind == YamlNode::Scalar) {
    name(node, "a source");
    return node;
  }
  SmallVector<StringRef> names;
  for (const KeyTable &table : sourceTables()) {
    names.push_back(table.what);
    const YamlEntry *items = node.find(table.what);
    if (!items || node.entries.size() != 1)
      continue;
    YamlNode filled = YamlNode::make(YamlNode::Mapping, node.loc);
    YamlNode sources = YamlNode::make(YamlNode::Sequence, items->value.loc);
    if (must(items->value, YamlNode::Sequence, table.what)) {
      for (const YamlEntry &item : items->value.entries)
        sources.add("", source(item.value));
      if (sources.entries.empty())
        error(items->value.loc) << table.what << " must be of something";
    }
    filled.entries.push_back({items->key, items->keyLoc, std::move(sources)});
    return filled;
  }
  // Over a design's source there may be a right key beside the wrong one.
  const YamlEntry *wrong = nullptr;
  for (const YamlEntry &entry : llvm::reverse(node.entries))
    if (!llvm::is_contained(names, entry.key))
      wrong = &entry;
  auto diag = error(wrong ? wrong->keyLoc : node.loc)
              << "a source must be a name, a chain, or one of sum, "
                 "side_by_side and tokens, but found "
              << (wrong ? inQuotes(wrong->key) : describe(node).str());
  if (StringRef guess = wrong ? nearestName(wrong->key, names) : "";
      !guess.empty())
    diag << "; did you mean '" << guess << "'?";
  return node;
}

YamlNode NetworkReader::steps(const YamlNode &node, const Defaults &defaults) {
  YamlNode written = list(node);
  YamlNode steps = YamlNode::make(YamlNode::Sequence, node.loc);
  for (const YamlEntry &entry : written.entries)
    steps.add("", step(entry.value, defaults));
  return steps;
}

/// Positions are spread over the grid of the key `position_grid`.
void NetworkReader::addGridTo(YamlNode &node) {
  if (node.find("spread") || !spec.at("position_grid"))
    return;
  YamlNode sides = YamlNode::make(YamlNode::Sequence);
  sides.add("", YamlNode::scalar("position_grid.height"));
  sides.add("", YamlNode::scalar("position_grid.width"));
  node.add("spread", std::move(sides));
}

YamlNode NetworkReader::step(const YamlNode &node, const Defaults &defaults) {
  bool isMapping = node.kind == YamlNode::Mapping && !node.entries.empty();
  if (!isMapping && !must(node, YamlNode::Scalar, "a step"))
    return node;
  StringRef op =
      isMapping ? StringRef(node.entries.front().key) : StringRef(node.text);
  const KeyTable *table = findStep(op);
  if (!table) {
    SmallVector<StringRef> ops;
    for (const KeyTable &known : stepTables())
      ops.push_back(known.what);
    auto diag = error(isMapping ? node.entries.front().keyLoc : node.loc)
                << "there is no step " << inQuotes(op);
    if (StringRef guess = nearestName(op, ops); !guess.empty())
      diag << ", did you mean '" << guess << "'?";
    return node;
  }
  if (table->keys.empty()) {
    if (isMapping)
      error(node.loc) << "the step " << op << " is a word by itself";
    return node;
  }
  YamlNode mapping = node;
  if (!isMapping) {
    mapping = YamlNode::make(YamlNode::Mapping, node.loc);
    if (!defaults.inBlock || (op != "attention" && op != "mlp")) {
      error(node.loc) << "the step " << op << " must say "
                      << table->keys.front().name << ": ..";
      return node;
    }
  }
  Scopes scopes = op == "attention" ? Scopes(defaults.attention)
                  : op == "mlp"     ? Scopes(defaults.mlp)
                                    : Scopes();
  SmallVector<const YamlNode *> more(scopes);
  if (const YamlNode *timestep = spec.at("timestep");
      timestep && op == "sinusoid")
    more.push_back(timestep);
  YamlNode filled = fill(mapping, *table, more);
  auto addDefault = [&](StringRef key, StringRef value) {
    if (!filled.find(key))
      filled.add(key, YamlNode::scalar(value));
  };
  if (op == "attention") {
    const YamlNode &keys = filled.entries.front().value;
    bool isOthers = !keys.is("self") && !keys.is("joint");
    name(keys, "attention");
    addDefault("rope", spec.find("rope") && !isOthers ? "true" : "false");
    addDefault("name", isOthers ? "cross_attn" : "attn");
  } else if (op == "mlp") {
    addDefault("hidden", defaults.inBlock ? "mlp_ratio * width" : "width");
    bool isGated = filled.at("kind")->is("swiglu");
    if (defaults.inBlock && !filled.find("name")) {
      YamlNode names = YamlNode::make(YamlNode::Sequence);
      names.add("", YamlNode::scalar(isGated ? "mlp.w12" : "mlp.fc1"));
      names.add("", YamlNode::scalar(isGated ? "mlp.w3" : "mlp.fc2"));
      filled.add("name", std::move(names));
    }
    if (!filled.find("name"))
      error(node.loc) << "the step mlp needs 'name', the names of its two "
                         "linears, where it is not in a block";
  } else if (op == "position") {
    YamlNode &kind = filled.entries.front().value;
    const YamlNode *said = spec.at("position");
    if (kind.is("default") && said)
      kind = *said;
    else if (kind.is("default"))
      kind = YamlNode::scalar("sincos");
    if (kind.is("rotary"))
      kind.text = "none";
    if (kind.is("sincos"))
      addGridTo(filled);
    else if (const YamlEntry *spread = filled.find("spread"))
      error(spread->keyLoc)
          << "spread is of a sincos position, but this is " << kind.text;
  } else if (op == "layer_norm" || op == "rms_norm") {
    if (filled.entries.front().value.is("affine") && !filled.find("name"))
      error(node.loc) << "the step " << op
                      << " needs 'name', the name of its weights";
  } else if (op == "side_by_side") {
    YamlNode chains = YamlNode::make(YamlNode::Sequence, node.loc);
    if (must(filled.entries.front().value, YamlNode::Sequence, op))
      for (const YamlEntry &entry : filled.entries.front().value.entries)
        chains.add("", steps(entry.value, defaults));
    if (chains.entries.empty())
      error(node.loc) << "side_by_side must be of something";
    filled.entries.front().value = std::move(chains);
  }
  table->sort(filled);
  return filled;
}

/// `default`, `rms_norm` or `{eps: 1.0e-5}` as a mapping with all its keys.
YamlNode NetworkReader::norm(const YamlNode &node, const Defaults &defaults,
                             StringRef name) {
  YamlNode mapping = YamlNode::make(YamlNode::Mapping, node.loc);
  if (node.kind == YamlNode::Mapping) {
    mapping = node;
  } else if (must(node, YamlNode::Scalar, "a norm") && !node.is("default")) {
    const Key &kind = *kNorm.find("kind");
    mapping.add("kind", word(kind, node, kNorm));
    mapping.add("affine", YamlNode::scalar("false"));
  }
  YamlNode filled = fill(mapping, kNorm, defaults.norm);
  if (!filled.find("name"))
    filled.add("name", YamlNode::scalar(name));
  kNorm.sort(filled);
  return filled;
}
