// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Linears by mma.sync and cp.async: bf16 or tf32, from sm_80 on.
#include "codegen/cuda/LinearText.h"
#include "codegen/cuda/MmaTile.h"

#include <fmt/format.h>

using namespace mlir;

namespace dit::codegen::cuda {

LogicalResult printMatmulMma(LinearText &linear) {
  KernelText &text = linear.text;
  const LinearShape shape = linear.shape();
  const MmaTile tile = *chooseMmaTile(shape, text.arch);
  std::string sizes = fmt::format(
      "{}, {}, {}, {}, {}, {}, {}",
      typeName(linear.weight().type.getElementType()), tile.rows, tile.columns,
      tile.step, tile.stages, tile.warpsDown, tile.warpsAcross);
  text.isAlone = shape.makesRows;
  text.launch.threads = tile.threads();
  text.launch.sharedBytes = tile.sharedBytes(shape);
  text.body = fmt::format(
      "  using Tile = Matmul{}<{}{}>;\n{}  DIT_SHARED(shared);\n",
      shape.makesRows ? "Rows" : "Tile", sizes,
      shape.makesRows ? fmt::format(", {}, {}", linear.depth, tile.tiles) : "",
      assertSharedBytes("Tile::kSharedBytes", text.launch.sharedBytes));
  std::string run =
      shape.makesRows ? "run" : fmt::format("run<{}>", linear.depth);
  text.body += fmt::format(
      "  Tile::{}(\n      shared,\n      {},\n      {}, {}, {},\n      {});\n",
      run,
      shape.makesRows ? linear.rowFunction(/*rounded=*/false) : linear.xName(),
      rowCount(text, linear.tokens), linear.weightName(), linear.features,
      linear.pairEpilogue());
  text.note = fmt::format("One block {}; {} deep.",
                          tile.tiles == 1 ? "a tile"
                                          : fmt::format("{} tiles", tile.tiles),
                          linear.depth);
  text.launch.grid = {{0, linear.features, tile.columns * tile.tiles},
                      tilesOfRows(text, linear.tokens, tile.rows)};
  return success();
}

} // namespace dit::codegen::cuda
