// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What each step computes; attention is in Attention.cpp.
#include "compiler/network/Network.h"

using namespace mlir;
using namespace dit;

Stream Network::step(const YamlNode &node, const Stream &x,
                     const Where &where) {
  auto needsFeatures = [&](StringRef op) {
    if (!x.isTokens() && !x.isVector())
      stop(node.loc, op + " is of tokens or vectors, but this is " +
                         showShape(x.type().getShape()));
  };
  auto called = [&](StringRef what) {
    return where.result.empty() ? where.values + x.base + "_" + what.str()
                                : where.result;
  };
  if (node.kind == YamlNode::Scalar) {
    needsFeatures(node.text);
    return x.with(
        net.activation({called(node.text), where.key}, x.value, node.text));
  }
  StringRef op = node.entries.front().key;
  const YamlNode &first = node.entries.front().value;
  if (op == "patches")
    return patches(node, x, where);
  if (op == "sinusoid")
    return sinusoid(node, x, where);
  if (op == "table")
    return table(node, x, where);
  needsFeatures(op);
  if (op == "linear")
    return linear(node, x, where);
  if (op == "mlp")
    return mlp(node, x, where);
  if (op == "position")
    return position(node, x, where);
  if (op == "side_by_side")
    return sideBySide(node, x, where);
  if (op == "attention")
    return attention(node, x, where);
  const YamlNode *name = node.at("name");
  std::string prefix =
      first.is("affine") ? where.weights + name->text : std::string();
  return x.with(
      norm({called("norm"), where.key}, x.value, op, *node.at("eps"), prefix));
}

Value Network::norm(const Origin &origin, Value x, StringRef kind,
                    const YamlNode &eps, StringRef prefix) {
  double value = number(eps, "eps");
  return kind == "rms_norm" ? net.rmsNorm(origin, x, value, prefix)
                            : net.layerNorm(origin, x, value, prefix);
}

Stream Network::linear(const YamlNode &node, const Stream &x,
                       const Where &where) {
  int64_t features = size(*node.at("linear"), "linear");
  std::string name = where.weights + node.at("name")->text;
  bool hasBias = node.at("bias")->is("true");
  // Called after the first word of its weights: `x_embedder` of
  // x_embedder.proj.
  StringRef word = StringRef(node.at("name")->text).split('.').first;
  Origin origin{where.result.empty() ? where.values + word.str() : where.result,
                where.key};
  auto patchify = x.value.getDefiningOp<PatchifyOp>();
  const YamlNode *shape = node.at("weight");
  if (shape && shape->is("convolution") && !patchify)
    stop(shape->loc, "a convolution's weight is of a linear behind patches");
  if (!patchify || (shape && shape->is("matrix")))
    return x.with(net.linear(origin, x.value, name, features, hasBias));
  // The checkpoint holds a convolution; its rows are patch vectors already.
  int64_t p = patchify.getPatch(),
          channels = patchify.getX().getType().getDimSize(1);
  std::string weightName = name + ".weight";
  Value kernel = net.weight(weightName, {features, channels, p, p}, where.key);
  Value weight =
      ReshapeOp::create(net.builder, net.at({weightName, where.key}),
                        net.fixed({features, channels * p * p}), kernel);
  Value bias;
  if (hasBias)
    bias = net.weight(name + ".bias", {features}, where.key);
  auto type = net.batched({x.type().getDimSize(1), features});
  return x.with(LinearOp::create(net.builder, net.at(origin), type, x.value,
                                 weight, bias));
}

Stream Network::mlp(const YamlNode &node, const Stream &x, const Where &where) {
  const YamlNode &hiddenSize = *node.at("hidden"), &names = *node.at("name");
  const YamlNode &activation = *node.at("mlp");
  bool isGated = node.at("kind")->is("swiglu");
  bool hasBias = node.at("bias")->is("true");
  int64_t hidden = size(hiddenSize, "the hidden features of an mlp");
  int64_t features = size(*node.at("features"), "features");
  std::string base = where.inBlock ? where.values : x.base + "_";
  LocationAttr key = where.key, activationKey = where.key;
  // In a block a design's MLP stands where its numbers do.
  if (where.inBlock) {
    key = place(node, sizes.governing(hiddenSize));
    if (!key)
      key = places.of({});
    activationKey = place(node, places.written(activation.loc));
  }
  auto weights = [&](int i) {
    return where.weights + names.entries[i].value.text;
  };
  StringRef act = StringRef(activation.text).split('_').first;
  Value h;
  if (isGated) {
    h = net.linear({base + "w12", key}, x.value, weights(0), 2 * hidden,
                   hasBias);
    Value a = net.features({base + "w1", key}, h, 0, hidden);
    Value b = net.features({base + "w2", key}, h, hidden, hidden);
    a = net.activation({base + "silu", activationKey}, a, "silu");
    h = net.mul({base + "gated", key}, a, b);
  } else {
    h = net.linear({base + "fc1", key}, x.value, weights(0), hidden, hasBias);
    h = net.activation({base + act.str(), activationKey}, h, activation.text);
  }
  std::string last = base + (isGated ? "w3" : "fc2");
  return x.with(net.linear({where.result.empty() ? last : where.result, key}, h,
                           weights(1), features, hasBias));
}

Stream Network::sinusoid(const YamlNode &node, const Stream &x,
                         const Where &where) {
  const YamlNode &width = *node.at("sinusoid");
  int64_t features = size(width, "sinusoid", 4);
  if (features % 2)
    stop(width.loc, "sinusoid must be even, but is " + llvm::Twine(features));
  if (x.type().getRank() != 1 || !x.type().getElementType().isF32())
    stop(node.loc, "a sinusoid is of numbers (N), but this is " +
                       showShape(x.type().getShape()));
  int64_t shift = node.at("spacing")->is("half_minus_one") ? 1 : 0;
  std::string name =
      where.result.empty() ? x.base + "_frequencies" : where.result;
  double period = number(*node.at("max_period"), "max_period");
  return x.with(TimestepEmbeddingOp::create(
      net.builder, net.at({name, where.key}), net.batched({features}), x.value,
      llvm::APFloat(period), shift));
}

Stream Network::table(const YamlNode &node, const Stream &x,
                      const Where &where) {
  int64_t rows = size(*node.at("table"), "table"),
          features = size(*node.at("features"), "features");
  if (x.type().getRank() != 1)
    stop(node.loc, "a table has a row for each label, but this is " +
                       showShape(x.type().getShape()));
  if (x.type().getElementType().isF32() && spec.isFlow())
    stop(node.loc, "a table has rows for whole timesteps, but "
                   "diffusion.prediction is velocity");
  std::string weight = where.weights + node.at("name")->text + ".weight";
  std::string name = where.result.empty() ? x.base + "_row" : where.result;
  Value rowsOf = net.weight(weight, {rows, features}, where.key);
  return x.with(EmbeddingOp::create(net.builder, net.at({name, where.key}),
                                    net.batched({features}), x.value, rowsOf));
}

Stream Network::patches(const YamlNode &node, const Stream &x,
                        const Where &where) {
  const YamlNode &side = *node.at("patches");
  int64_t p = size(side, "patches");
  if (x.type().getRank() != 4)
    stop(node.loc, "patches are cut from x, but this is " +
                       showShape(x.type().getShape()));
  auto shape = x.type().getShape();
  for (auto [dim, name] : {std::pair(2, "height"), {3, "width"}})
    if (shape[dim] % p)
      stop(side.loc, side.text + " must divide latent." + name + ", but " +
                         llvm::Twine(shape[dim]) + " % " + llvm::Twine(p) +
                         " = " + llvm::Twine(shape[dim] % p));
  Stream tokens = x;
  tokens.rows = shape[2] / p;
  tokens.columns = shape[3] / p;
  auto type = net.batched({tokens.rows * tokens.columns, shape[1] * p * p});
  return tokens.with(PatchifyOp::create(
      net.builder, net.at({"patches", where.key}), type, x.value, p));
}

Stream Network::position(const YamlNode &node, const Stream &x,
                         const Where &where) {
  const YamlNode &kind = *node.at("position");
  LocationAttr key = place(node, places.of(kind.loc));
  int64_t tokens = x.type().getDimSize(1), width = x.features();
  if (kind.is("none"))
    return x;
  std::string name = where.weights + node.at("name")->text;
  auto type = net.fixed({tokens, width});
  Location loc = net.at({"pos_embed", key});
  Value table;
  if (kind.is("learned")) {
    learnsPositions = true;
    table = ReshapeOp::create(net.builder, loc, type,
                              net.weight(name, {1, tokens, width}, key));
  } else {
    if (!x.rows || x.rows * x.columns != tokens)
      stop(node.loc, "a sincos position is of tokens on a grid, but these are "
                     "of none");
    if (width % 4) {
      auto diag = fail(key)
                  << "width must be a multiple of 4 for the sine-cosine "
                     "position, but "
                  << width << " % 4 = " << width % 4;
      diag.report();
      throw Stop();
    }
    computedWeights.push_back(name);
    IntegerAttr trained[2];
    if (const YamlNode *spread = node.at("spread"))
      for (int i : {0, 1})
        trained[i] = net.builder.getI64IntegerAttr(
            size(spread->entries[i].value, "spread"));
    table = SincosPositionOp::create(
        net.builder, loc, type, net.builder.getI64IntegerAttr(x.rows),
        net.builder.getI64IntegerAttr(x.columns), trained[0], trained[1]);
  }
  std::string result =
      where.result.empty() ? x.base + "_embedded" : where.result;
  return x.with(net.add({result, key}, x.value, table));
}

/// Several lists of steps from one value, their features joined.
Stream Network::sideBySide(const YamlNode &node, const Stream &x,
                           const Where &where) {
  SmallVector<Value> parts;
  for (const YamlEntry &list : node.entries.front().value.entries) {
    Stream part = x;
    for (const YamlEntry &entry : list.value.entries) {
      Where inner = where;
      inner.result.clear();
      inner.key = place(entry.value, where.key);
      part = step(entry.value, part, inner);
    }
    if (part.type().getShape().drop_back() != x.type().getShape().drop_back())
      stop(list.value.loc, "what is side by side must have one number of "
                           "tokens, but " +
                               showShape(part.type().getShape()) +
                               " stands beside " +
                               showShape(x.type().getShape()));
    parts.push_back(part.value);
  }
  std::string name =
      where.result.empty() ? where.values + "side_by_side" : where.result;
  if (parts.size() == 1)
    return x.with(parts.front());
  return x.with(net.concat({name, where.key}, parts, x.type().getRank() - 1));
}
