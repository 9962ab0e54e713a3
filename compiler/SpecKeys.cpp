// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Keys whose values have forms of their own.
#include "compiler/SpecKeys.h"

#include "runtime/Error.h"

using namespace mlir;
using namespace dit;

static constexpr size_t kMaxResolutions = 32;

/// `channels: 3` or `channels: all`, which is as many as the latent has.
void dit::visitGuidedChannels(MappingReader &in, Spec &spec) {
  const YamlEntry *entry = in.take("channels");
  if (entry && entry->value.is("all"))
    spec.guidance.channels = {spec.latent.channels, entry->value.loc};
  else if (entry)
    in.integer("channels", spec.guidance.channels, {1, 1 << 16},
               "an integer or all");
}

void dit::visitGuidedChannels(MappingWriter &out, Spec &spec) {
  if (spec.guidesAllChannels())
    out.text("channels", "all");
  else
    out.integer("channels", spec.guidance.channels, {});
}

/// `resolutions: [24x40, 64x64]`
void dit::visitResolutions(MappingReader &in, Spec &spec) {
  const YamlEntry *entry = in.take("resolutions");
  if (!entry)
    return;
  const YamlNode &list = entry->value;
  if (list.kind != YamlNode::Sequence) {
    in.error(list.loc) << "resolutions must be a list of sizes, as [24x40]";
    return;
  }
  if (list.entries.size() > kMaxResolutions)
    in.error(list.loc) << "resolutions must be at most " << kMaxResolutions
                       << ", but are " << list.entries.size();
  for (const YamlEntry &item : list.entries) {
    const YamlNode &value = item.value;
    auto size = runtime::parseResolution(value.text);
    if (value.kind == YamlNode::Scalar && size) {
      spec.resolutions.push_back({*size, value.loc});
      continue;
    }
    auto diag = in.error(value.loc)
                << "a resolution must be HEIGHTxWIDTH, each from 1 to 65536, "
                   "as 24x40";
    if (value.kind == YamlNode::Scalar)
      diag << ", but found " << runtime::inQuotes(value.text);
  }
}

void dit::visitResolutions(MappingWriter &out, Spec &spec) {
  YamlNode list = YamlNode::make(YamlNode::Sequence);
  for (const auto &size : spec.resolutions)
    list.add("", YamlNode::scalar(size.value.show()));
  out.mapping.add("resolutions", std::move(list));
}
