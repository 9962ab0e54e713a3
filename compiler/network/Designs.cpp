// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The texts are embedded by EmbedDesigns.cmake, ordered by name.
#include "compiler/network/Designs.h"

#include "llvm/Support/Path.h"

using namespace mlir;
using namespace dit;

namespace {

struct Design {
  StringRef file, text;
};
constexpr Design kDesigns[] = {
#include "Designs.inc"
};
/// The key whose designs are whole networks.
constexpr StringLiteral kNetworkKey = "conditioning";

const Design *findDesign(StringRef file) {
  for (const Design &design : kDesigns)
    if (design.file == file)
      return &design;
  return nullptr;
}

/// A design's mapping over that of the design it extends.
FailureOr<YamlNode> readDesign(MLIRContext *context, const Design &design,
                               LocationAttr pick, bool isOption,
                               Places &places) {
  places.addDesign(design.file, pick, isOption);
  auto mapping = parseYaml(context, design.text, design.file);
  if (failed(mapping))
    return failure();
  const YamlNode *extends = mapping->at("extends");
  if (!extends)
    return mapping;
  std::string file = llvm::sys::path::parent_path(design.file).str() + "/";
  auto base = readDesign(context, *findDesign(file + extends->text), pick,
                         isOption, places);
  if (failed(base))
    return failure();
  llvm::erase_if(mapping->entries,
                 [](const YamlEntry &entry) { return entry.key == "extends"; });
  return mergeYaml(*base, *mapping);
}

/// The keys that pick what is changed of a network, in the files' order.
SmallVector<StringRef> pickingKeys() {
  SmallVector<StringRef> keys;
  for (const Design &design : kDesigns) {
    auto [key, file] = design.file.split('/');
    if (!file.empty() && key != kNetworkKey &&
        (keys.empty() || keys.back() != key))
      keys.push_back(key);
  }
  return keys;
}

} // namespace

SmallVector<StringRef> dit::designsOf(StringRef key) {
  SmallVector<StringRef> values;
  for (const Design &design : kDesigns) {
    auto [folder, file] = design.file.split('/');
    if (folder == key && file.consume_back(".yaml"))
      values.push_back(file);
  }
  return values;
}

SmallVector<DesignImport> dit::importsOfDesigns(MLIRContext *context) {
  SmallVector<DesignImport> imports;
  auto defaults =
      parseYaml(context, findDesign("defaults.yaml")->text, "defaults.yaml");
  for (const Design &design : kDesigns) {
    auto [key, file] = design.file.split('/');
    auto mapping = parseYaml(context, design.text, design.file);
    const YamlNode *import =
        succeeded(mapping) ? mapping->at("import") : nullptr;
    if (!import || !import->at("class") || !file.consume_back(".yaml"))
      continue;
    const YamlNode *byDefault = defaults->at(key);
    imports.push_back(
        {key.str(), file.str(), byDefault && byDefault->is(file), *import});
  }
  return imports;
}

FailureOr<YamlNode> dit::overDesigns(MLIRContext *context, const YamlNode &spec,
                                     Places &places) {
  auto defaults =
      parseYaml(context, findDesign("defaults.yaml")->text, "defaults.yaml");
  if (failed(defaults))
    return failure();
  // The network first, and over it what other keys change.
  SmallVector<StringRef> keys{kNetworkKey};
  llvm::append_range(keys, pickingKeys());
  YamlNode network = YamlNode::make(YamlNode::Mapping, spec.loc);
  for (StringRef key : keys) {
    if (key == kNetworkKey && hasOwnNetwork(spec))
      continue;
    const YamlNode *written = spec.at(key);
    const YamlNode *value = written ? written : defaults->at(key);
    auto fileOf = [&](const YamlNode &value) {
      return (key + "/" + value.text + ".yaml").str();
    };
    const Design *design = findDesign(fileOf(*value));
    if (!design && key == kNetworkKey) // the reader says so; the rest is read
      design = findDesign(fileOf(*defaults->at(key)));
    if (!design)
      continue;
    auto mapping =
        readDesign(context, *design, written ? written->loc : LocationAttr(),
                   key != kNetworkKey, places);
    if (failed(mapping))
      return failure();
    network = mergeYaml(network, *mapping);
  }
  // An import reads configs of one kind, so a spec's own is no design's.
  if (spec.find("import"))
    llvm::erase_if(network.entries, [](const YamlEntry &entry) {
      return entry.key == "import";
    });
  return mergeYaml(network, spec);
}
