// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Blocks, their branches, and the final layer.
#include "compiler/MappingReader.h"
#include "compiler/network/NetworkReader.h"
#include "runtime/Error.h"

using namespace mlir;
using namespace dit;
using runtime::inQuotes;

NetworkReader::Defaults NetworkReader::defaultsOf(const YamlNode *node) {
  Defaults defaults;
  defaults.inBlock = true;
  const std::pair<StringRef, SmallVector<const YamlNode *, 2> *> sections[] = {
      {"attention", &defaults.attention},
      {"mlp", &defaults.mlp},
      {"norm", &defaults.norm}};
  for (const YamlNode *where : {node, &spec})
    for (auto [key, scopes] : sections)
      if (const YamlNode *section = where ? where->at(key) : nullptr)
        scopes->push_back(section);
  return defaults;
}

/// A name, where the writer leaves it out: `tokens`, or the only stream.
YamlNode NetworkReader::mainStream(const YamlNode &node) {
  std::string name = streamNames.size() == 1 ? streamNames.front() : "tokens";
  if (!llvm::is_contained(streamNames, name))
    error(node.loc) << "with several streams and none called tokens, blocks "
                       "and the final layer must say theirs";
  return YamlNode::scalar(name);
}

YamlNode NetworkReader::blocks(const YamlNode &node) {
  YamlNode blocks = YamlNode::make(YamlNode::Sequence, node.loc);
  if (!must(node, YamlNode::Sequence, "blocks"))
    return blocks;
  for (const YamlEntry &entry : node.entries) {
    const YamlNode &item = entry.value;
    if (!must(item, YamlNode::Mapping, "an item of blocks"))
      continue;
    static constexpr Key repeatKeys[] = {
        {"repeat", Kind::Size, "1", ""},
        {"blocks", Kind::Other, "", "", "", true}};
    static constexpr Key streamKeys[] = {
        {"stream", Kind::Name, "", "", "", true},
        {"from", Kind::Chain, "", "", "", true}};
    static constexpr KeyTable repeated{"a repetition", repeatKeys};
    static constexpr KeyTable stream{"a change of a stream", streamKeys};
    if (const YamlEntry *inner = item.find("blocks")) {
      YamlNode filled = fill(item, repeated);
      const_cast<YamlEntry *>(filled.find("blocks"))->value =
          this->blocks(inner->value);
      blocks.add("", std::move(filled));
    } else if (item.find("stream")) {
      YamlNode filled = fill(item, stream);
      if (auto *from = const_cast<YamlEntry *>(filled.find("from")))
        from->value = chain(from->value);
      if (const YamlEntry *name = filled.find("stream"))
        if (!llvm::is_contained(streamNames, name->value.text))
          streamNames.push_back(name->value.text);
      blocks.add("", std::move(filled));
    } else {
      blocks.add("", group(item));
    }
  }
  return blocks;
}

YamlNode NetworkReader::group(YamlNode node) {
  if (const YamlEntry *use = node.find("use")) {
    const YamlNode *all = spec.at("define");
    const YamlEntry *defined = all ? all->find(use->value.text) : nullptr;
    if (!defined || defined->value.kind != YamlNode::Mapping) {
      error(use->value.loc) << "use must be a block of define, but "
                            << inQuotes(use->value.text) << " is none";
      return node;
    }
    LocationAttr loc = node.loc;
    llvm::erase_if(node.entries,
                   [](const YamlEntry &entry) { return entry.key == "use"; });
    node = mergeYaml(defined->value, node);
    node.loc = loc;
  }
  YamlNode filled = fill(node, kGroup);
  checkDefaults(node.at("attention"), kAttention);
  checkDefaults(node.at("mlp"), kMlp);
  checkDefaults(node.at("norm"), kNorm);
  llvm::erase_if(filled.entries, [](const YamlEntry &entry) {
    return entry.key == "attention" || entry.key == "mlp" ||
           entry.key == "norm";
  });
  if (!filled.find("streams"))
    filled.add("streams", list(mainStream(node)));
  SmallVector<StringRef> streams;
  for (const YamlEntry &entry : filled.at("streams")->entries)
    streams.push_back(entry.value.text);
  Defaults defaults = defaultsOf(&node);
  for (YamlEntry &entry : filled.entries) {
    if (entry.key == "modulation")
      entry.value = modulation(entry.value, streams);
    if (entry.key == "skip") {
      entry.value = fill(entry.value, kSkip);
      if (auto *norm = const_cast<YamlEntry *>(entry.value.find("norm")))
        norm->value = this->norm(norm->value, defaults, "skip_norm");
    }
    int64_t ordinal = 0;
    if (entry.key == "branches")
      entry.value = branches(entry.value, defaults, streams, ordinal);
  }
  kGroup.sort(filled);
  return filled;
}

YamlNode NetworkReader::branches(const YamlNode &node, const Defaults &defaults,
                                 ArrayRef<StringRef> streams,
                                 int64_t &ordinal) {
  YamlNode branches = YamlNode::make(YamlNode::Sequence, node.loc);
  if (!must(node, YamlNode::Sequence, "branches"))
    return branches;
  for (const YamlEntry &entry : node.entries) {
    if (!must(entry.value, YamlNode::Mapping, "a branch"))
      continue;
    const YamlEntry *parallel = entry.value.find("parallel");
    if (!parallel) {
      branches.add("", branch(entry.value, defaults, ordinal));
      continue;
    }
    if (entry.value.entries.size() > 1)
      error(entry.value.loc) << "branches that are parallel have no other key "
                                "beside them";
    YamlNode both = YamlNode::make(YamlNode::Mapping, entry.value.loc);
    both.entries.push_back(
        {"parallel", parallel->keyLoc,
         this->branches(parallel->value, defaults, streams, ordinal)});
    branches.add("", std::move(both));
  }
  return branches;
}

YamlNode NetworkReader::branch(const YamlNode &node, const Defaults &defaults,
                               int64_t &ordinal) {
  std::string number = std::to_string(++ordinal);
  YamlNode filled = fill(node, kBranch);
  for (YamlEntry &entry : filled.entries) {
    if (entry.key == "norm")
      entry.value = norm(entry.value, defaults, "norm" + number);
    if (entry.key == "post_norm")
      entry.value = norm(entry.value, defaults, "post_norm" + number);
    if (entry.key == "body")
      entry.value = steps(entry.value, defaults);
  }
  return filled;
}

YamlNode NetworkReader::modulation(const YamlNode &node,
                                   ArrayRef<StringRef> streams) {
  YamlNode all = YamlNode::make(YamlNode::Sequence, node.loc);
  for (const YamlEntry &entry : list(node).entries) {
    YamlNode filled = fill(entry.value, kModulation, {}, streams);
    for (StringRef stream : streams)
      if (const YamlEntry *own = entry.value.find(stream)) {
        // Under its name, the whole modulation of that stream.
        YamlNode merged = mergeYaml(entry.value, own->value);
        llvm::erase_if(merged.entries, [&](const YamlEntry &inner) {
          return llvm::is_contained(streams, inner.key);
        });
        filled.entries.push_back(
            {stream.str(), own->keyLoc, fill(merged, kModulation)});
      }
    all.add("", std::move(filled));
  }
  return all;
}

YamlNode NetworkReader::final(const YamlNode &node) {
  YamlNode filled = fill(node, kFinal);
  for (YamlEntry &entry : filled.entries) {
    if (entry.key == "modulation")
      entry.value = modulation(entry.value, {});
    if (entry.key == "norm")
      entry.value = norm(entry.value, defaultsOf(nullptr), "norm_final");
    if (entry.key == "prefix")
      must(entry.value, YamlNode::Scalar, "prefix");
  }
  if (!filled.find("of"))
    filled.add("of", mainStream(node));
  kFinal.sort(filled);
  return filled;
}
