// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Blocks: groups of them, what they are modulated by, and what they keep.
#include "compiler/network/Network.h"

#include "compiler/MappingReader.h"
#include "runtime/Error.h"

using namespace mlir;
using namespace dit;
using runtime::inQuotes;

/// More blocks than any model has.
static constexpr int64_t kMaxBlocks = 1024;

static std::string replaced(StringRef text, StringRef what, StringRef by) {
  std::string result = text.str();
  if (size_t at = result.find(what); at != std::string::npos)
    result.replace(at, what.size(), by);
  return result;
}

void Network::item(const YamlNode &node) {
  if (const YamlNode *inner = node.at("blocks")) {
    int64_t times = size(*node.at("repeat"), "repeat", 0);
    for (int64_t i = 0; i < times; ++i)
      for (const YamlEntry &entry : inner->entries)
        item(entry.value);
  } else if (const YamlNode *from = node.at("from")) {
    StringRef name = node.at("stream")->text;
    Stream stream = chain(*from, name, /*isStream=*/true);
    if (!stream.isTokens())
      stop(from->loc, "a stream must be tokens (N, T, features)");
    if (stream.parts.size() < 2)
      stream.parts = {{name.str(), stream.type().getDimSize(1)}};
    values[name] = stream;
  } else {
    group(node);
  }
}

void Network::group(const YamlNode &node) {
  int64_t times = size(*node.at("repeat"), "repeat", 0);
  StringRef pattern = node.at("name")->text;
  for (int64_t i = 0; i < times; ++i) {
    if (times > 1)
      inBlocks = (" (in " +
                  replaced(replaced(pattern, ".{i}", "[{i}]"), "{i}",
                           std::to_string(counters[pattern])) +
                  ", " + llvm::Twine(times) + " times)")
                     .str();
    bool failedBefore = std::exchange(hasFailed, false);
    bool built = attempt([&] { block(node, pattern); }) && !hasFailed;
    hasFailed |= failedBefore;
    inBlocks.clear();
    if (!built)
      throw Stop(); // the others have the same mistake
  }
}

void Network::block(const YamlNode &node, StringRef pattern) {
  if (++blockCount == kMaxBlocks + 1)
    stop(node.at("repeat")->loc ? node.at("repeat")->loc : node.loc,
         "a network may have at most " + llvm::Twine(kMaxBlocks) + " blocks");
  if (blockCount > kMaxBlocks)
    throw Stop();
  std::string index = std::to_string(counters[pattern]++);
  Block block;
  block.values =
      replaced(replaced(pattern, ".{i}", "[{i}]"), "{i}", index) + ".";
  std::string weights = replaced(pattern, "{i}", index) + ".";
  block.adds = sizes.governing(*node.at("repeat"));
  for (const YamlEntry &entry : node.at("streams")->entries)
    block.streams.push_back(entry.value.text);
  bool isOwn = block.streams.size() > 1 && node.at("weights")->is("each");
  for (const YamlEntry &entry : node.at("streams")->entries) {
    const std::string &name = entry.value.text;
    if (!lookup(entry.value).isTokens())
      stop(entry.value.loc, name + " must be tokens to go through blocks");
    block.where[name] = {block.streams.size() > 1 ? block.values + name + "."
                                                  : block.values,
                         isOwn ? weights + name + "." : weights,
                         "",
                         {},
                         true};
  }
  const YamlNode &list = *node.at("branches");
  prepareAngles(list, block);
  for (const std::string &name : block.streams)
    if (!attempt([&] {
          block.rows[name] =
              modulation(node.at("modulation"), name, block.where[name]);
        }))
      block.rows[name][""] = {}; // its rows were diagnosed
  if (const YamlNode *skip = node.at("skip"))
    this->skip(*skip, block);
  branches(list, block);
  if (const YamlNode *keep = node.at("keep")) {
    kept[keep->text].values.push_back(values[block.streams.front()].value);
    kept[keep->text].key = keep->loc;
  }
}

/// The block begins with what was kept beside its stream.
void Network::skip(const YamlNode &node, Block &block) {
  const YamlNode &from = *node.at("from");
  auto &stack = kept[from.text].values;
  bool isSame = node.at("order")->is("same");
  kept[from.text].isSame |= isSame;
  if (stack.empty())
    stop(from.loc, "there is nothing left of " + inQuotes(from.text) +
                       " to take: blocks keep it less often than others take "
                       "it");
  Value old = isSame ? stack.front() : stack.back();
  if (!isSame)
    stack.pop_back();
  for (const std::string &name : block.streams) {
    Stream &x = values[name];
    const Where &where = block.where[name];
    LocationAttr key = places.of(node.loc);
    if (cast<RankedTensorType>(old.getType()) != x.type())
      stop(from.loc,
           "what was kept must have the stream's shape, " +
               showShape(x.type().getShape()) + ", but has " +
               showShape(cast<RankedTensorType>(old.getType()).getShape()));
    int64_t width = x.features();
    Value both = net.concat({where.values + "x_skip", key}, {x.value, old}, 2);
    if (const YamlNode *norm = node.at("norm"))
      both = this->norm({where.values + "skip_norm", key}, both,
                        norm->at("kind")->text, *norm->at("eps"),
                        norm->at("affine")->is("true")
                            ? where.weights + norm->at("name")->text
                            : std::string());
    x.value = net.linear({where.values + "x_joined", key}, both,
                         where.weights + node.at("name")->text, width);
  }
}

/// The rows (N, D) of a stream by name.
Network::Rows Network::modulation(const YamlNode *list, StringRef stream,
                                  const Where &where) {
  Rows rows;
  int64_t width = values[stream].features();
  for (const YamlEntry &entry :
       list ? ArrayRef(list->entries) : ArrayRef<YamlEntry>()) {
    const YamlNode *own = entry.value.at(stream);
    const YamlNode &node = own ? *own : entry.value;
    const YamlNode &of = *node.at("of");
    LocationAttr key = places.of(node.loc);
    Stream condition = lookup(of);
    if (!condition.isVector())
      stop(of.loc, "a modulation is of a vector (N, features), but " +
                       inQuotes(of.text) + " is " +
                       showShape(condition.type().getShape()));
    const auto &names = node.at("rows")->entries;
    int64_t count = names.size();
    Value all;
    const YamlNode *table = node.at("table");
    if (table) {
      Value weight =
          net.weight(where.weights + table->text, {count, width}, key);
      if (condition.features() == count * width)
        all = net.add({where.values + "adaln", key}, condition.value,
                      ReshapeOp::create(net.builder,
                                        net.at({where.values + "table", key}),
                                        net.fixed({count * width}), weight));
      else if (condition.features() == width)
        for (int64_t i = 0; i < count; ++i) {
          std::string name = where.values + names[i].value.text;
          Value row = SliceOp::create(net.builder, net.at({name, key}),
                                      net.fixed({1, width}), weight, 0, i);
          row = ReshapeOp::create(net.builder, net.at({name, key}),
                                  net.fixed({width}), row);
          rows[names[i].value.text] =
              net.add({name, key}, condition.value, row);
        }
      else
        stop(of.loc, llvm::Twine(count) + " rows of " + llvm::Twine(width) +
                         " need " + llvm::Twine(width) + " or " +
                         llvm::Twine(count * width) + " features, but " +
                         inQuotes(of.text) + " has " +
                         llvm::Twine(condition.features()));
    } else {
      Value c = condition.value;
      if (!node.at("activation")->is("none")) {
        Value &silu = activated[of.text];
        if (!silu)
          silu = net.activation({"silu_" + of.text, places.of(of.loc)}, c,
                                node.at("activation")->text);
        c = silu;
      }
      all = net.linear({where.values + "adaln", key}, c,
                       where.weights + node.at("name")->text, count * width);
    }
    for (int64_t i = 0; all && i < count; ++i) {
      auto [part, row] = StringRef(names[i].value.text).rsplit('.');
      if (row.empty())
        std::swap(part, row); // of every stream
      else if (part != stream)
        continue;
      rows[row] =
          net.features({where.values + row.str(), key}, all, i * width, width);
    }
  }
  return rows;
}

Value Network::row(const YamlNode &name, const Rows &rows) {
  if (Value row = rows.lookup(name.text))
    return row;
  if (rows.contains(""))
    throw Stop();
  SmallVector<StringRef> names;
  for (const auto &entry : rows)
    names.push_back(entry.first());
  std::string sentence = inQuotes(name.text) + " is no row of the modulation";
  if (StringRef guess = nearestName(name.text, names); !guess.empty())
    sentence += (", did you mean '" + guess + "'?").str();
  stop(name.loc, sentence);
}
