// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A spec with everything written out, which is a spec of the same model.
#include "compiler/SpecKeys.h"

#include <charconv>

using namespace mlir;
using namespace dit;

void MappingWriter::text(StringRef key, StringRef value) {
  if (!llvm::is_contained(leftOut, path + key.str()))
    mapping.add(key, YamlNode::scalar(value));
}

void MappingWriter::number(StringRef key, const Located<double> &value, Bound) {
  char digits[32];
  auto [end, error] =
      std::to_chars(digits, digits + sizeof digits, value.value);
  text(key, StringRef(digits, end - digits));
}

void MappingWriter::mappingAt(StringRef key,
                              llvm::function_ref<void(MappingWriter &)> what) {
  MappingWriter inner(leftOut, path + key.str() + ".");
  what(inner);
  if (!inner.mapping.entries.empty())
    mapping.add(key, std::move(inner.mapping));
}

namespace {

/// Keys that would be mistakes or say nothing in this spec.
SmallVector<StringRef> leftOut(const Spec &spec) {
  // The network is written out, so nothing picks a design.
  SmallVector<StringRef> keys{"conditioning"};
  if (spec.isFlow())
    keys.push_back("diffusion.zero_terminal_snr");
  else
    keys.append({"diffusion.noise_at", "diffusion.velocity",
                 "diffusion.time_scale", "diffusion.shift"});
  if (spec.position != Position::Rotary)
    keys.push_back("rotary.theta");
  if (spec.learnsTimesteps())
    keys.append({"timestep.frequencies", "timestep.max_period"});
  return keys;
}

/// The entries of `all`, those that `written` has first and in its order.
YamlNode inOrderOf(const YamlNode &written, const YamlNode &all) {
  YamlNode ordered = YamlNode::make(YamlNode::Mapping);
  for (const YamlEntry &entry : written.entries)
    if (const YamlNode *value =
            all.find(entry.key) ? &all.find(entry.key)->value : nullptr) {
      bool isOfKeys = value->kind == YamlNode::Mapping &&
                      entry.value.kind == YamlNode::Mapping &&
                      !llvm::is_contained(networkSections(), entry.key);
      ordered.add(entry.key,
                  isOfKeys ? inOrderOf(entry.value, *value) : *value);
    }
  for (const YamlEntry &entry : all.entries)
    if (!ordered.find(entry.key))
      ordered.add(entry.key, entry.value);
  return ordered;
}

} // namespace

YamlNode dit::writeOutMapping(const Spec &spec) {
  SmallVector<StringRef> left = leftOut(spec);
  MappingWriter writer(left);
  visitKeys(writer, const_cast<Spec &>(spec)); // which the writer only reads
  YamlNode all = std::move(writer.mapping);
  for (const YamlEntry &entry : spec.network->entries)
    all.add(entry.key, entry.value);
  return all;
}

std::string dit::writeOut(const Spec &spec) {
  if (!spec.network)
    return spec.text;
  YamlNode all = writeOutMapping(spec);
  if (!all.find("conditions")) // or a design would give some
    all.add("conditions", YamlNode::make(YamlNode::Mapping));
  auto written = parseYaml(spec.loc.getContext(), spec.text, spec.file);
  return printYaml(succeeded(written) ? inOrderOf(*written, all) : all);
}
