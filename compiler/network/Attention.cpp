// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Attention of a stream to itself, to another, and of several at once.
#include "compiler/network/Network.h"

using namespace mlir;
using namespace dit;

static constexpr llvm::StringLiteral kParts[] = {"q", "k", "v"};

int64_t Network::headsOf(const YamlNode &node, int64_t features) {
  const YamlNode &count = *node.at("heads");
  int64_t heads = size(count, "heads");
  if (features % heads)
    stop(count.loc, "heads must divide the features, but " +
                        llvm::Twine(features) + " % " + llvm::Twine(heads) +
                        " = " + llvm::Twine(features % heads));
  return heads;
}

/// Names begin with what its weights are called: `cross_q` of cross_attn.
Network::Where Network::attentionAt(const YamlNode &node, const Where &where) {
  const YamlNode &keys = *node.at("attention");
  bool isOthers = !keys.is("self") && !keys.is("joint");
  Where at = where;
  StringRef name = node.at("name")->text;
  at.weights += name.str() + ".";
  if (!name.consume_back("attn"))
    at.values += name.str() + "_";
  else
    at.values += name.str();
  // A design's self-attention stands at `heads`, the other at the design.
  at.key = isOthers ? place(node, places.of(keys.loc))
                    : place(node, sizes.governing(*node.at("heads")));
  return at;
}

/// The cosines and sines that turn the tokens of x, (T, headDim).
Value Network::angles(const Stream &x, int64_t headDim, const YamlNode &step) {
  const YamlNode *rope = network.at("rope");
  if (!rope)
    stop(step.at("rope")->loc, "attention turns q and k only where the spec "
                               "has rope");
  const YamlNode &axes = *rope->at("axes");
  int64_t tokens = x.type().getDimSize(1);
  std::string id = (llvm::Twine(tokens) + "," + llvm::Twine(x.rows) + "," +
                    llvm::Twine(headDim))
                       .str();
  if (Value known = angleTables.lookup(id))
    return known;
  int64_t sides[2], sum = 0;
  for (int i : {0, 1})
    sum += sides[i] = size(axes.entries[i].value, "an axis of rope");
  if (sum != headDim)
    stop(axes.loc, "axes must sum to the features of a head, " +
                       llvm::Twine(headDim) + ", but " + llvm::Twine(sides[0]) +
                       " + " + llvm::Twine(sides[1]) + " = " +
                       llvm::Twine(sum));
  if (sides[0] != sides[1] || sides[0] % 2)
    stop(axes.loc, "rope turns by halves: axes must be two equal even sizes, "
                   "but are " +
                       llvm::Twine(sides[0]) + " and " + llvm::Twine(sides[1]));
  if (!x.rows)
    stop(step.loc, "rope turns tokens whose first are patches, but these are "
                   "on no grid");
  IntegerAttr trained[2];
  if (const YamlNode *spread = rope->at("spread"))
    for (int i : {0, 1})
      trained[i] = net.builder.getI64IntegerAttr(
          size(spread->entries[i].value, "spread"));
  Value table = RotaryPositionOp::create(
      net.builder, net.at({"rotary", places.of(rope->loc)}),
      net.fixed({tokens, headDim}), net.builder.getI64IntegerAttr(x.rows),
      net.builder.getI64IntegerAttr(x.columns), trained[0], trained[1],
      net.builder.getF64FloatAttr(number(*rope->at("theta"), "theta")));
  if (const YamlNode *buffers = rope->at("buffers");
      buffers && angleTables.empty())
    for (const YamlEntry &name : buffers->entries)
      computedWeights.push_back(name.value.text);
  angleTables[id] = table;
  return table;
}

/// Before the first block that turns anything, not within it.
void Network::prepareAngles(const YamlNode &branches, const Block &block) {
  for (const YamlEntry &branch : branches.entries) {
    if (const YamlNode *parallel = branch.value.at("parallel"))
      prepareAngles(*parallel, block);
    const YamlNode *body = branch.value.at("body");
    for (const YamlEntry &step :
         body ? ArrayRef(body->entries) : ArrayRef<YamlEntry>()) {
      const YamlNode *rope = step.value.at("rope");
      if (!rope || !rope->is("true") || step.value.at("attention")->is("joint"))
        continue;
      const YamlNode *chosen = branch.value.at("streams");
      for (const std::string &name : block.streams) {
        bool isChosen = !chosen || llvm::any_of(chosen->entries, [&](auto &e) {
          return e.value.text == name;
        });
        const Stream &x = lookup(YamlNode::scalar(name));
        if (isChosen)
          angles(x, x.features() / headsOf(step.value, x.features()),
                 step.value);
      }
    }
  }
}

Stream Network::attention(const YamlNode &node, const Stream &x,
                          const Where &where) {
  const YamlNode &keys = *node.at("attention");
  if (!x.isTokens())
    stop(node.loc, "attention is of tokens, but this is " +
                       showShape(x.type().getShape()));
  if (keys.is("joint"))
    stop(node.loc, "joint attention must be the first step of a branch of "
                   "several streams");
  int64_t width = x.features(), heads = headsOf(node, width);
  Where at = attentionAt(node, where);
  auto of = [&](StringRef what) {
    return Origin{at.values + what.str(), at.key};
  };
  bool hasBias = node.at("qkv_bias")->is("true");
  bool turns = node.at("rope")->is("true");
  Value q, k, v;
  if (keys.is("self")) {
    Value qkv =
        net.linear(of("qkv"), x.value, at.weights + "qkv", 3 * width, hasBias);
    if (turns) {
      LocationAttr key =
          place(node, places.of(network.at("rope") ? network.at("rope")->loc
                                                   : LocationAttr()));
      qkv = net.rotate({at.values + "qkv_rotated", key}, qkv,
                       angles(x, width / heads, node), 2 * width);
    }
    q = net.features(of("q"), qkv, 0, width);
    k = net.features(of("k"), qkv, width, width);
    v = net.features(of("v"), qkv, 2 * width, width);
  } else {
    const Stream &other = lookup(keys);
    if (!other.isTokens())
      stop(keys.loc, keys.text + " must be tokens to be asked, but is " +
                         showShape(other.type().getShape()));
    q = net.linear(of("q"), x.value, at.weights + "q", width, hasBias);
    if (turns)
      q = net.rotate(of("q_rotated"), q, angles(x, width / heads, node), width);
    Value kv = net.linear(of("kv"), other.value, at.weights + "kv", 2 * width,
                          hasBias);
    k = net.features(of("k"), kv, 0, width);
    v = net.features(of("v"), kv, width, width);
  }
  StringRef name = node.at("name")->text;
  Value a = net.attention({where.values + name.str(), at.key}, q, k, v, heads);
  if (node.at("project")->is("true"))
    a = net.linear(of("proj"), a, at.weights + "proj", width,
                   node.at("proj_bias")->is("true"));
  return x.with(a);
}

llvm::StringMap<Stream>
Network::jointAttention(const YamlNode &node,
                        const llvm::StringMap<Stream> &normed,
                        ArrayRef<std::string> streams,
                        ArrayRef<std::string> addsTo, const Block &block) {
  SmallVector<Value> parts[3];
  int64_t width = normed.find(streams.front())->second.features();
  int64_t heads = headsOf(node, width);
  if (node.at("rope")->is("true"))
    stop(node.at("rope")->loc ? node.at("rope")->loc : node.loc,
         "joint attention cannot turn q and k yet: write rope: false");
  for (const std::string &name : streams) {
    const Stream &x = normed.find(name)->second;
    if (x.features() != width)
      stop(node.loc, "streams of a joint attention must have one number of "
                     "features, but " +
                         name + " has " + llvm::Twine(x.features()) + " and " +
                         streams.front() + " " + llvm::Twine(width));
    Where at = attentionAt(node, block.where.find(name)->second);
    Value qkv =
        net.linear({at.values + "qkv", at.key}, x.value, at.weights + "qkv",
                   3 * width, node.at("qkv_bias")->is("true"));
    for (auto [i, what] : llvm::enumerate(kParts))
      parts[i].push_back(net.features({at.values + what.str(), at.key}, qkv,
                                      i * width, width));
  }
  Where all = attentionAt(node, {block.values, "", "", {}, true});
  Value joined[3];
  for (auto [i, what] : llvm::enumerate(kParts))
    joined[i] = net.concat({all.values + what.str(), all.key}, parts[i], 1);
  Value a = net.attention({block.values + node.at("name")->text, all.key},
                          joined[0], joined[1], joined[2], heads);
  llvm::StringMap<Stream> results;
  int64_t start = 0;
  for (const std::string &name : streams) {
    const Stream &x = normed.find(name)->second;
    int64_t count = x.type().getDimSize(1);
    int64_t offset = std::exchange(start, start + count);
    if (!llvm::is_contained(addsTo, name))
      continue;
    Where at = attentionAt(node, block.where.find(name)->second);
    Value own = net.tokens({at.values + "attn", at.key}, a, offset, count);
    if (node.at("project")->is("true"))
      own = net.linear({at.values + "proj", at.key}, own, at.weights + "proj",
                       width, node.at("proj_bias")->is("true"));
    results[name] = x.with(own);
  }
  return results;
}
