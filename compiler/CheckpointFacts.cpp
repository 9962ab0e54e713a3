// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The inverse of ditc import, and the grids of positions.
#include "compiler/CheckpointFacts.h"

#include "llvm/ADT/STLExtras.h"

namespace dit {

/// Of a grid of `size`; scaled where the model spreads other positions over it.
static runtime::PositionTable describeTable(const Spec &spec, Resolution size,
                                            bool isSpread) {
  int64_t rows = size.height / spec.patchSize,
          columns = size.width / spec.patchSize;
  double rowScale = 1, columnScale = 1;
  if (isSpread && spec.positionGrid.height) {
    rowScale = double(spec.positionGrid.height) / rows;
    columnScale = double(spec.positionGrid.width) / columns;
  }
  return {rows, columns, spec.width, rowScale, columnScale};
}

/// What was trained first: the first is what errors speak of.
static std::vector<runtime::PositionTable> describeTables(const Spec &spec,
                                                          Resolution named) {
  std::vector<runtime::PositionTable> tables;
  if (!spec.width || !spec.patchSize ||
      !llvm::is_contained(spec.computedWeights, "pos_embed"))
    return tables;
  if (spec.positionGrid.height)
    tables.push_back(describeTable(spec,
                                   {spec.positionGrid.height * spec.patchSize,
                                    spec.positionGrid.width * spec.patchSize},
                                   /*isSpread=*/false));
  tables.push_back(describeTable(spec, named, /*isSpread=*/true));
  if (spec.size() != named)
    tables.push_back(describeTable(spec, spec.size(), /*isSpread=*/true));
  return tables;
}

static std::vector<runtime::ConfigEntry> describeConfig(const Spec &spec,
                                                        Resolution named) {
  std::vector<runtime::ConfigEntry> config;
  // Diffusers has the one design whose blocks are modulated in six places.
  std::pair<std::string, std::vector<int64_t>> last = {
      "blocks." + std::to_string(spec.depth - 1) + ".adaLN_modulation.1.weight",
      {6 * spec.width, spec.width}};
  if (!spec.depth || !llvm::is_contained(spec.weights, last))
    return config;
  auto add = [&](const char *key, std::string value, std::string text) {
    config.push_back({key, std::move(value), std::move(text)});
  };
  auto addSize = [&](const char *key, int64_t value, const char *name) {
    add(key, std::to_string(value),
        std::string(name) + " " + std::to_string(value));
  };
  addSize("num_layers", spec.depth, "depth");
  addSize("num_attention_heads", spec.heads, "heads");
  add("attention_head_dim", std::to_string(spec.headDim()),
      "width / heads = " + std::to_string(spec.headDim()));
  addSize("patch_size", spec.patchSize, "patch_size");
  addSize("in_channels", spec.latent.channels, "latent.channels");
  add("out_channels", std::to_string(spec.outChannels()),
      std::to_string(spec.outChannels()) + " by learn_sigma");
  addSize("num_embeds_ada_norm", spec.classes, "classes");
  if (named.height == named.width)
    addSize("sample_size", named.height, "latent.height");
  // Not a contradiction, but another reading of the same weights.
  if (spec.compat == Compat::Official)
    add("_class_name", "null", "compat official");
  return config;
}

void describeCheckpoint(const Spec &spec, runtime::Manifest &manifest) {
  // The size that the text names, whichever of its sizes the spec is at.
  auto whole = parseSpec(spec.loc.getContext(), spec.text, spec.file);
  Resolution named = succeeded(whole) ? whole->size() : spec.size();
  manifest.positionTables = describeTables(spec, named);
  manifest.diffusersConfig = describeConfig(spec, named);
}

} // namespace dit
