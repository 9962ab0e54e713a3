// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The config of a model, and the grids of positions.
#include "compiler/CheckpointFacts.h"

#include "compiler/network/Import.h"
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

void describeCheckpoint(const Spec &spec, runtime::Manifest &manifest) {
  // The size that the text names, whichever of its sizes the spec is at.
  auto whole = parseSpec(spec.loc.getContext(), spec.text, spec.file);
  const Spec &named = succeeded(whole) ? *whole : spec;
  manifest.positionTables = describeTables(spec, named.size());
  manifest.config = configOf(named);
}

} // namespace dit
