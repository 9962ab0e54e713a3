// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Linears by wgmma and TMA: bf16, on sm_90a.
#include "codegen/cuda/HopperTile.h"
#include "codegen/cuda/LinearText.h"

#include <fmt/format.h>

using namespace mlir;

namespace dit::codegen::cuda {

namespace {

/// A row-major matrix of bf16 behind an operand, by TMA.
TensorMap mapOf(unsigned operand, Count rows, int64_t depth, int64_t boxRows) {
  return {(int)operand, depth, rows, 2 * depth, {64, boxRows}, 128};
}

/// A matrix that is read by TMA is read by nothing else.
bool hasOneUse(Value value) {
  return !isa<BlockArgument>(value) || value.hasOneUse();
}

std::string templateName(const HopperTile &tile, const LinearText &linear) {
  if (linear.hasRowPrologue())
    return fmt::format("WgmmaRows<{}, {}, {}, {}, {}, {}>", tile.columns,
                       tile.stages, tile.consumers, linear.depth, tile.tiles,
                       tile.down);
  return fmt::format("WgmmaTile<{}, {}, {}, {}, {}>", tile.columns, tile.stages,
                     tile.consumers, tile.down, tile.across);
}

std::string note(const HopperTile &tile, int64_t depth) {
  std::string text = fmt::format(
      "One block {} of {} x {}; {} deep",
      tile.tiles == 1 ? "a tile" : fmt::format("{} tiles", tile.tiles),
      tile.rows(), tile.columns, depth);
  if (tile.down * tile.across > 1)
    text += fmt::format("; {} x {} blocks load for each other", tile.down,
                        tile.across);
  return text + ".";
}

} // namespace

bool isForWgmma(const LinearText &linear) {
  constexpr int64_t kLeast = 64; // in each direction: less leaves tiles empty
  const LinearShape shape = linear.shape();
  LinearOp op = linear.linear;
  return linear.text.arch.name == "sm_90a" && linear.isBf16() &&
         linear.isCopiable() && linear.neighbours(4) == 4 &&
         hasOneUse(op.getX()) && hasOneUse(op.getWeight()) &&
         shape.rows >= kLeast && shape.columns >= kLeast &&
         shape.depth >= kLeast && chooseHopperTile(shape);
}

LogicalResult printMatmulWgmma(LinearText &linear) {
  KernelText &text = linear.text;
  const LinearShape shape = linear.shape();
  const HopperTile tile = *chooseHopperTile(shape);
  const unsigned weight = operandOf(linear.linear.getWeight());
  KernelLaunch &launch = text.launch;
  text.isAlone = true;
  launch.threads = tile.threads();
  launch.sharedBytes = tile.sharedBytes(shape);
  launch.cluster = {tile.across, tile.down};
  const int64_t columns = tile.columns * tile.tiles * tile.across;
  launch.grid = {{0, ceilDiv(shape.columns, columns) * tile.across},
                 {0, tile.down},
                 tilesOfRows(text, linear.tokens, tile.rows() * tile.down)};
  launch.tensorMaps = {
      mapOf(weight, {0, shape.columns}, shape.depth, tile.columns / tile.down)};
  if (!shape.makesRows) {
    const GridDim rows = tilesOfRows(text, linear.tokens);
    launch.tensorMaps.push_back(mapOf(operandOf(linear.linear.getX()),
                                      {rows.perRow, rows.fixed}, shape.depth,
                                      tile.rows() / tile.across));
  }
  text.body = fmt::format(
      "  using Tile = {};\n{}  DIT_SHARED(shared);\n"
      "  Tile::run{}(\n      shared,\n      {},\n      {}, {}, {},\n      "
      "{});\n",
      templateName(tile, linear),
      assertSharedBytes("Tile::kSharedBytes", launch.sharedBytes),
      shape.makesRows ? "" : fmt::format("<{}>", shape.depth),
      shape.makesRows ? linear.rowFunction(/*rounded=*/false) : linear.xName(),
      rowCount(text, linear.tokens), linear.weightName(), shape.columns,
      linear.epilogue(4));
  text.note = note(tile, shape.depth);
  return success();
}

} // namespace dit::codegen::cuda
