// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Chains outside of blocks: conditions and streams from the inputs.
#include "compiler/network/Network.h"

using namespace mlir;
using namespace dit;

/// What values of `name` are called: those of t_emb begin with t.
static std::string baseOf(StringRef name) {
  name.consume_back("_emb");
  return name.str();
}

Stream Network::chain(const YamlNode &node, StringRef name, bool isStream) {
  ArrayRef<YamlEntry> entries = node.entries;
  ArrayRef<YamlEntry> steps = entries.drop_front();
  Stream x = source(entries.front().value, steps.empty() ? name : "");
  LocationAttr governing;
  for (auto [i, entry] : llvm::enumerate(steps)) {
    const YamlNode &step = entry.value;
    // A design's chain stands where the number does that its first step names.
    if (i == 0 && step.kind == YamlNode::Mapping)
      governing = sizes.governing(step.entries.front().value);
    if (LocationAttr option = places.optionOf(step.loc))
      governing = option;
    Where where{"", "", "", place(step, governing), false};
    if (!isStream && i + 1 == steps.size())
      where.result = name.str();
    x = this->step(step, x, where);
  }
  return x;
}

Stream Network::source(const YamlNode &node, StringRef name) {
  if (node.kind == YamlNode::Scalar) {
    Stream stream = lookup(node);
    stream.base = baseOf(node.text);
    return stream;
  }
  if (node.kind == YamlNode::Sequence)
    return chain(node, name, /*isStream=*/true);
  const YamlEntry &entry = node.entries.front();
  SmallVector<Stream> items;
  for (const YamlEntry &item : entry.value.entries)
    items.push_back(source(item.value, ""));
  std::string called = name.empty() ? entry.key : name.str();
  if (entry.key == "tokens")
    return joinTokens(node, items, called);
  Origin origin{called, places.of(node.loc)};
  Stream all = items.front();
  all.base = baseOf(called);
  SmallVector<Value> parts;
  for (const Stream &item : items) {
    auto shape = item.type().getShape(), first = all.type().getShape();
    if (entry.key == "side_by_side")
      shape = shape.drop_back(), first = first.drop_back();
    if (shape != first || item.type().getRank() < 2)
      stop(node.loc, "what is put together by " + entry.key +
                         " must have one shape, but " +
                         showShape(item.type().getShape()) + " follows " +
                         showShape(all.type().getShape()));
    parts.push_back(item.value);
  }
  if (entry.key == "side_by_side" && parts.size() > 1)
    return all.with(net.concat(origin, parts, all.type().getRank() - 1));
  for (Value part : ArrayRef(parts).drop_front())
    all.value = net.add(origin, all.value, part);
  return all;
}

/// Tokens one after the other; a vector is one token.
Stream Network::joinTokens(const YamlNode &node, ArrayRef<Stream> items,
                           StringRef name) {
  LocationAttr key = places.of(node.loc);
  Stream all = items.front();
  all.base = baseOf(name);
  all.parts.clear();
  SmallVector<Value> tokens;
  for (const Stream &item : items) {
    if (item.features() != items.front().features() ||
        item.type().getRank() < 2 || item.type().getRank() > 3)
      stop(node.loc, "tokens of one sequence must have one number of "
                     "features, but " +
                         showShape(item.type().getShape()) + " follows " +
                         showShape(items.front().type().getShape()));
    if (item.isVector()) {
      tokens.push_back(net.asToken({item.base + "_token", key}, item.value));
      all.parts.push_back({item.base, 1});
    } else {
      tokens.push_back(item.value);
      all.parts.append(item.parts.begin(), item.parts.end());
    }
  }
  return all.with(net.concat({name.str(), key}, tokens, 1));
}
