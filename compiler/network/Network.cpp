// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The function around the network, its inputs, and the names of its values.
#include "compiler/network/Network.h"

#include "compiler/MappingReader.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "runtime/Error.h"

using namespace mlir;
using namespace dit;
using runtime::inQuotes;

Network::Network(OpBuilder &builder, const Spec &spec)
    : spec(spec), network(*spec.network), places(spec.places),
      sizes(spec, network.at("sizes"), places),
      net(builder, spec.loc, spec.places) {}

InFlightDiagnostic Network::fail(LocationAttr loc) {
  hasFailed = true;
  return places.error(loc);
}

void Network::stop(LocationAttr loc, const llvm::Twine &sentence) {
  fail(loc) << sentence << inBlocks;
  throw Stop();
}

bool Network::attempt(llvm::function_ref<void()> build) {
  try {
    build();
    return true;
  } catch (const Stop &) {
    hasFailed = true;
    return false;
  }
}

int64_t Network::size(const YamlNode &node, const llvm::Twine &what,
                      int64_t min) {
  if (auto size = sizes.whole(node, what.str(), min))
    return *size;
  throw Stop();
}

double Network::number(const YamlNode &node, StringRef what) {
  if (auto number = sizes.number(node, what))
    return *number;
  throw Stop();
}

LogicalResult Network::build(ModuleOp module) {
  addFunction(module);
  for (StringRef section : {"streams", "conditions"})
    if (const YamlNode *mapping = network.at(section))
      for (const YamlEntry &entry : mapping->entries)
        pending[entry.key] = &entry;
  // The patches begin the network; a condition is built where it is first read.
  auto defineAll = [&](StringRef section) {
    if (const YamlNode *mapping = network.at(section))
      for (const YamlEntry &entry : mapping->entries)
        if (section == "streams" || !places.isDesigns(entry.keyLoc))
          attempt([&] { define(entry.key); });
  };
  defineAll("streams");
  for (const YamlEntry &entry : network.at("blocks")->entries)
    attempt([&] { item(entry.value); });
  attempt([&] { final(*network.at("final")); });
  defineAll("conditions"); // what nothing read may be wrong, too
  if (hasFailed)
    return failure();
  func::ReturnOp::create(net.builder, Location(spec.loc), result);
  return success();
}

/// What the caller gives: x, t, y where there are classes, and `inputs`.
void Network::addFunction(ModuleOp module) {
  struct Input {
    StringRef name;
    Type type;
    StringRef every;
    LocationAttr key;
  };
  OpBuilder &builder = net.builder;
  auto labels =
      RankedTensorType::get({ShapedType::kDynamic}, builder.getI32Type());
  SmallVector<Input> inputs;
  inputs.push_back({"x",
                    net.batched({spec.latent.channels, spec.latent.height,
                                 spec.latent.width}),
                    "step", spec.latent.channels.loc});
  inputs.push_back(
      {"t", net.batched({}), "condition", spec.timestep.frequencies.loc});
  if (spec.classes)
    inputs.push_back({"y", labels, "condition", spec.classes.loc});
  if (const YamlNode *own = network.at("inputs"))
    for (const YamlEntry &entry : own->entries)
      attempt([&] {
        const YamlNode &node = entry.value;
        SmallVector<int64_t> shape;
        for (StringRef key : {"tokens", "features"})
          if (const YamlNode *dim = node.at(key))
            shape.push_back(size(*dim, key));
        if (llvm::is_contained({"x", "t", "y"}, entry.key))
          stop(entry.keyLoc, inQuotes(entry.key) + " is an input already");
        bool isLabel = node.find("labels");
        if (node.find("tokens") && !node.find("features"))
          stop(node.loc, "an input of tokens must say how many features each "
                         "has");
        if (isLabel && !shape.empty())
          stop(node.loc, "an input is labels, or has features");
        if (const YamlNode *null = node.at("null_value"); null && isLabel)
          stop(null->loc, "an input of labels has no null_value: tell it by "
                          "--null");
        inputs.push_back({entry.key,
                          isLabel ? Type(labels) : net.batched(shape),
                          node.at("every")->text, node.loc});
      });
  Type output =
      net.batched({spec.outChannels(), spec.latent.height, spec.latent.width});
  builder.setInsertionPointToEnd(module.getBody());
  SmallVector<Type> types;
  for (const Input &input : inputs)
    types.push_back(input.type);
  auto func = func::FuncOp::create(builder, Location(spec.loc), "denoise",
                                   builder.getFunctionType(types, output));
  func.addEntryBlock();
  for (auto [i, input] : llvm::enumerate(inputs)) {
    func.setArgAttr(i, kNameAttr, builder.getStringAttr(input.name));
    func.setArgAttr(i, kFromAttr, builder.getStringAttr("input"));
    func.setArgAttr(i, kEveryAttr, builder.getStringAttr(input.every));
    BlockArgument argument = func.getArgument(i);
    argument.setLoc(net.at({input.name.str(), input.key}));
    values[input.name] = {argument, input.name.str()};
    if (cast<RankedTensorType>(input.type).getRank() == 3)
      values[input.name].parts = {
          {input.name.str(), cast<RankedTensorType>(input.type).getDimSize(1)}};
  }
  func.setResultAttr(0, kNameAttr, builder.getStringAttr("out"));
  builder.setInsertionPointToStart(&func.getBody().front());
}

/// The value of a name, which is built where it was not yet. In its own
/// definition a name is the input's.
const Stream &Network::lookup(const YamlNode &node) {
  StringRef name = node.text;
  used.insert(name);
  if (pending.contains(name) && !beingDefined.contains(name))
    define(name);
  if (failedNames.contains(name))
    throw Stop();
  auto found = values.find(name);
  if (found != values.end())
    return found->second;
  if (beingDefined.contains(name))
    stop(node.loc, inQuotes(name) + " must not be made of itself");
  SmallVector<StringRef> names;
  for (const auto &entry : values)
    names.push_back(entry.first());
  for (auto [other, entry] : pending)
    names.push_back(other);
  std::string sentence = inQuotes(name) + " is no input, condition or stream";
  if (name == "y" && !spec.classes)
    sentence += ": y is there where classes are set";
  else if (StringRef guess = nearestName(name, names); !guess.empty())
    sentence += (", did you mean '" + guess + "'?").str();
  stop(node.loc, sentence);
}

void Network::define(StringRef name) {
  auto found = pending.find(name);
  if (found == pending.end())
    return;
  const YamlEntry &entry = *found->second;
  const YamlNode *streams = network.at("streams");
  bool isStream = streams && streams->find(name) == &entry;
  beingDefined.insert(name);
  std::string outside; // no block has a part in its mistakes
  std::swap(outside, inBlocks);
  Stream stream;
  bool built = attempt([&] {
    stream = chain(entry.value, name, isStream);
    if (isStream && !stream.isTokens())
      stop(entry.value.loc, "a stream must be tokens (N, T, features), but " +
                                name + " is of rank " +
                                llvm::Twine(stream.type().getRank()));
  });
  std::swap(outside, inBlocks);
  beingDefined.erase(name);
  pending.erase(name);
  if (!built) {
    failedNames.insert(name);
    throw Stop();
  }
  // A stream is its own part where it is not of several.
  if (isStream && stream.parts.size() < 2)
    stream.parts = {{name.str(), stream.type().getDimSize(1)}};
  values[name] = stream;
}

LogicalResult Network::checkAllUsed() {
  for (auto [section, what] : {std::pair("inputs", "an input"),
                               {"conditions", "a condition"},
                               {"streams", "a stream"}})
    if (const YamlNode *mapping = network.at(section))
      for (const YamlEntry &entry : mapping->entries)
        if (!used.contains(entry.key) && !places.isDesigns(entry.keyLoc))
          fail(entry.keyLoc)
              << entry.key << " is " << what << " that nothing reads";
  if (spec.classes && !used.contains("y"))
    fail(spec.classes.loc) << "classes are set, but nothing reads y";
  for (const auto &[name, left] : kept)
    if (!left.values.empty() && !left.isSame)
      fail(left.key) << "what is kept must be taken as often, but "
                     << left.values.size() << " of " << name
                     << " are left at the end";
  hasFailed |= !sizes.checkAllUsed();
  return failure(hasFailed);
}
