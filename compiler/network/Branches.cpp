// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A branch is the box of the paper's figure: norm, scale and shift, body, gate,
// and the sum. The final layer begins as one.
#include "compiler/network/Network.h"

using namespace mlir;
using namespace dit;

/// What the branch's values are called: `msa`, `cross`, `mlp`.
static std::string branchName(const YamlNode &node,
                              llvm::StringMap<int> &seen) {
  std::string name = "branch";
  if (const YamlNode &first = node.at("body")->entries.front().value;
      first.find("mlp"))
    name = "mlp";
  else if (const YamlNode *keys = first.at("attention"))
    name = keys->is("self") || keys->is("joint") ? "msa" : "cross";
  int count = ++seen[name];
  return count == 1 ? name : name + std::to_string(count);
}

void Network::branches(const YamlNode &list, Block &block) {
  for (const YamlEntry &entry : list.entries) {
    const YamlNode *parallel = entry.value.at("parallel");
    struct Sum {
      llvm::StringMap<Value> added;
      std::string name;
      LocationAttr key;
    };
    SmallVector<Sum> sums; // all read the streams as they were
    auto add = [&](const YamlNode &node) {
      attempt([&] {
        if (node.at("body")->entries.empty())
          stop(node.at("body")->loc, "a body must have a step");
        std::string name = branchName(node, block.branchNames);
        auto added = branch(node, block, name);
        sums.push_back({std::move(added), name, place(node, block.adds)});
      });
    };
    if (!parallel)
      add(entry.value);
    else
      for (const YamlEntry &inner : parallel->entries)
        add(inner.value);
    for (const Sum &sum : sums)
      for (const std::string &name : block.streams)
        if (Value y = sum.added.lookup(name))
          values[name].value =
              net.add({block.where[name].values + "x_" + sum.name, sum.key},
                      values[name].value, y);
  }
}

/// The names at `key`, each one of the block's streams; all where there are
/// none.
SmallVector<std::string> Network::chosen(const YamlNode &node, StringRef key,
                                         ArrayRef<std::string> among) {
  const YamlNode *names = node.at(key);
  if (!names)
    return SmallVector<std::string>(among);
  SmallVector<std::string> chosen;
  for (const YamlEntry &entry : names->entries) {
    if (!llvm::is_contained(among, entry.value.text))
      stop(entry.value.loc, entry.value.text + " is no stream of the block (" +
                                llvm::join(among, ", ") + ")");
    chosen.push_back(entry.value.text);
  }
  return chosen;
}

llvm::StringMap<Value> Network::branch(const YamlNode &node, Block &block,
                                       StringRef name) {
  auto streams = chosen(node, "streams", block.streams);
  auto addsTo = chosen(node, "adds_to", streams);
  ArrayRef<YamlEntry> body = node.at("body")->entries;
  const YamlNode *first = body.front().value.at("attention");
  bool isJoint = first && first->is("joint");
  llvm::StringMap<Stream> normed;
  for (const std::string &stream : isJoint ? streams : addsTo) {
    const Where &where = block.where[stream];
    const YamlNode *norm = node.at("norm");
    Stream x = values[stream];
    normed[stream] = x.with(this->normed(
        node, x.value, block.rows[stream], where,
        norm ? norm->at("name")->text : "", "modulate_" + name.str()));
  }
  if (isJoint) {
    normed = jointAttention(body.front().value, normed, streams, addsTo, block);
    body = body.drop_front();
  }
  llvm::StringMap<Value> results;
  for (const std::string &stream : addsTo) {
    Where where = block.where[stream];
    Stream y = normed[stream];
    int64_t width = values[stream].features();
    for (const YamlEntry &entry : body) {
      where.key = place(entry.value, places.of(entry.value.loc));
      y = step(entry.value, y, where);
    }
    if (y.type() != values[stream].type())
      stop(node.at("body")->entries.back().value.loc,
           "a branch must end with " + llvm::Twine(width) +
               " features, but this gives " + llvm::Twine(y.features()));
    if (const YamlNode *norm = node.at("post_norm"))
      y.value = normOf(*norm, y.value, where, norm->at("name")->text);
    if (const YamlNode *gate = node.at("gate"))
      y.value =
          net.gate({where.values + "gated_" + name.str(), places.of(gate->loc)},
                   y.value, row(*gate, block.rows[stream]));
    results[stream] = y.value;
  }
  return results;
}

/// `norm` as a mapping with all its keys.
Value Network::normOf(const YamlNode &node, Value x, const Where &where,
                      StringRef name) {
  LocationAttr key = place(node, sizes.governing(*node.at("eps")));
  std::string prefix = node.at("affine")->is("true")
                           ? where.weights + node.at("name")->text
                           : std::string();
  return norm({where.values + name.str(), key ? key : places.of({})}, x,
              node.at("kind")->text, *node.at("eps"), prefix);
}

Value Network::normed(const YamlNode &node, Value x, const Rows &rows,
                      const Where &where, StringRef normName,
                      StringRef modulateName) {
  if (const YamlNode *norm = node.at("norm"))
    x = normOf(*norm, x, where, normName);
  const YamlNode *shift = node.at("shift"), *scale = node.at("scale");
  if (!shift && !scale)
    return x;
  if (!shift || !scale)
    stop((shift ? shift : scale)->loc,
         llvm::Twine(shift ? "shift" : "scale") + " needs " +
             (shift ? "scale" : "shift") + " beside it");
  return net.modulate(
      {where.values + modulateName.str(), places.of(shift->loc)}, x,
      row(*shift, rows), row(*scale, rows));
}

/// (N, T, D) -> (N, C_out, H, W)
void Network::final(const YamlNode &node) {
  const YamlNode &of = *node.at("of");
  Stream x = lookup(of);
  Where where{"final.", node.at("prefix")->text, "", {}, true};
  if (const YamlNode *take = node.at("take")) {
    int64_t start = 0, count = 0;
    for (const auto &[name, size] : x.parts) {
      count = size;
      if (name == take->text)
        break;
      start += std::exchange(count, 0);
    }
    if (!count)
      stop(take->loc, take->text + " is no part of " + of.text);
    const Stream &part = lookup(*take);
    x.rows = part.rows, x.columns = part.columns;
    x.value = net.tokens({"x_" + take->text, places.of(take->loc)}, x.value,
                         start, count);
  }
  const YamlNode &side = *node.at("patches");
  int64_t p = size(side, "patches"), channels = spec.outChannels();
  if (x.rows * p != spec.latent.height || x.columns * p != spec.latent.width ||
      x.rows * x.columns != x.type().getDimSize(1))
    stop(node.loc, "the final layer makes a picture of " +
                       llvm::Twine(spec.latent.height.value) + "x" +
                       llvm::Twine(spec.latent.width.value) +
                       " of patches of " + llvm::Twine(p) + ", but " + of.text +
                       " has " + llvm::Twine(x.type().getDimSize(1)) +
                       " tokens, of which " + llvm::Twine(x.rows) + " x " +
                       llvm::Twine(x.columns) +
                       " are patches; take: says which part of a stream it is");
  values[of.text].value = x.value; // rows are as wide as what they modulate
  Rows rows = modulation(node.at("modulation"), of.text, where);
  Value h = normed(node, x.value, rows, where, "norm", "modulate");
  LocationAttr key = places.written(node.loc);
  for (LocationAttr governing : {spec.learnSigma.loc, sizes.governing(side)})
    if (!key)
      key = places.written(governing);
  h = net.linear({"final.linear", key}, h,
                 where.weights + node.at("name")->text, p * p * channels,
                 node.at("bias")->is("true"));
  auto type = net.batched({channels, spec.latent.height, spec.latent.width});
  result = UnpatchifyOp::create(net.builder, net.at({"out", key}), type, h, p);
}
