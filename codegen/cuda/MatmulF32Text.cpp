// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Linears on the ordinary cores: float32, and what tensor cores cannot take.
#include "codegen/cuda/LinearText.h"

#include <fmt/format.h>

using namespace mlir;

namespace dit::codegen::cuda {

namespace {

/// Rows that are computed before the matmul stay in shared memory: 40 KB of it,
/// which with the tiles is what a kernel gets without asking. Eight rows of
/// more than 1280 features take more.
int64_t tileRows(const LinearText &linear) {
  constexpr int64_t kMostFloats = 10 << 10;
  return !linear.hasRowPrologue()           ? 32
         : 16 * linear.depth <= kMostFloats ? 16
                                            : 8;
}

/// A step's tiles of x and of the weight, and the rows.
int64_t sharedBytes(const LinearText &linear) {
  const int64_t rows = tileRows(linear);
  const int64_t tiles = 16 * (rows + 1 + kF32TileColumns + 2);
  if (!linear.hasRowPrologue())
    return tiles * 4;
  return ((tiles + 3) / 4 * 4 + rows * linear.depth) * 4;
}

} // namespace

LogicalResult printMatmulF32(LinearText &linear) {
  KernelText &text = linear.text;
  const bool makesRows = linear.hasRowPrologue();
  FailureOr<std::string> x = makesRows ? linear.rowFunction(/*rounded=*/true)
                                       : linear.elementFunction();
  if (failed(x))
    return failure();
  const int64_t rows = tileRows(linear);
  text.launch.sharedBytes = sharedBytes(linear);
  if (text.launch.sharedBytes > text.arch.sharedBytes)
    return text.op().emitOpError()
           << "cannot be printed for CUDA: rows of " << linear.depth
           << " features before its linear take " << text.launch.sharedBytes
           << " bytes of shared memory, but " << text.arch.name << " has "
           << text.arch.sharedBytes;
  text.body = fmt::format(
      "  using Tile = MatmulF32<{}, {}, {}>;\n{}  DIT_SHARED(shared);\n"
      "  Tile::{}(\n      shared,\n      {},\n      {}, {}, {},\n      {});\n",
      rows, kF32TileColumns, linear.depth,
      assertSharedBytes(makesRows ? "Tile::kSharedBytesWithRows"
                                  : "Tile::kSharedBytes",
                        text.launch.sharedBytes),
      makesRows ? "runRows" : "run", *x, rowCount(text, linear.tokens),
      linear.weightName(), linear.features, linear.pairEpilogue());
  text.note = fmt::format("One block a tile; {} deep.", linear.depth);
  text.launch.grid = {{0, linear.features, kF32TileColumns},
                      tilesOfRows(text, linear.tokens, rows)};
  return success();
}

} // namespace dit::codegen::cuda
