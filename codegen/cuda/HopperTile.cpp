// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The model of HopperTile.h, and the search for its fastest tile.
#include "codegen/cuda/HopperTile.h"

#include <algorithm>

namespace dit::codegen::cuda {

namespace {

constexpr int64_t kMultiprocessors = 132;
constexpr int64_t kSharedBytesOfBlock = 227 << 10;
constexpr int64_t kLeastStages = 3, kMostStages = 8;

int64_t padded(int64_t depth) { return ceilDiv(depth, 64) * 64; }

/// Bytes of the rows that a block keeps.
int64_t rowBytes(const HopperTile &tile, const LinearShape &shape) {
  return shape.makesRows ? tile.rows() * padded(shape.depth) * 2 : 0;
}

/// Bytes of a stage: 64 columns of the weight, and of x.
int64_t stageBytes(const HopperTile &tile, const LinearShape &shape) {
  return (tile.columns + (shape.makesRows ? 0 : tile.rows())) * 128;
}

} // namespace

int64_t HopperTile::sharedBytes(const LinearShape &shape) const {
  return rowBytes(*this, shape) + stages * (stageBytes(*this, shape) + 16);
}

double HopperTile::clocks(const LinearShape &shape) const {
  const int64_t cluster = down * across, depth = padded(shape.depth);
  const int64_t blocks = ceilDiv(shape.rows, rows() * down) * down *
                         ceilDiv(shape.columns, columns * tiles * across) *
                         across;
  // Clusters fit into groups of 16 or 18 multiprocessors, some not whole.
  const int64_t resident = cluster > 4   ? 112
                           : cluster > 2 ? 128
                                         : kMultiprocessors;
  const int64_t waves = ceilDiv(blocks, resident);

  const double multiply = tiles * rows() * columns * depth / 2048.;
  const double shared =
      tiles * consumers * depth / 16. * (64 + columns) * 32 / 128.;
  const double inFlight = (stages - 1) * stageBytes(*this, shape);
  const double bytesPerClock = std::min(32., inFlight / 1000);
  double bytes = 2. * tiles * columns * depth / down, before = 2000;
  if (shape.makesRows)
    before += 4. * rows() * depth / 32;
  else
    bytes += 2. * rows() * depth / across;
  return waves * (before + std::max({multiply, shared, bytes / bytesPerClock}));
}

std::optional<HopperTile> chooseHopperTile(const LinearShape &shape) {
  std::optional<HopperTile> best;
  HopperTile tile;
  auto consider = [&] {
    // Boxes of TMA, a part of a stage each, are whole groups of 8 rows.
    if (tile.columns % (8 * tile.down) || tile.rows() % (8 * tile.across))
      return;
    const int64_t left = kSharedBytesOfBlock - rowBytes(tile, shape);
    const int64_t steps = ceilDiv(shape.depth, 64) * tile.tiles;
    tile.stages = std::min({left / (stageBytes(tile, shape) + 16), kMostStages,
                            std::max(steps, kLeastStages)});
    if (tile.stages < kLeastStages)
      return;
    if (!best || tile.clocks(shape) < best->clocks(shape))
      best = tile;
  };
  const bool rows = shape.makesRows; // these do not share x
  const int64_t widest = std::min<int64_t>(256, ceilDiv(shape.columns, 8) * 8);
  for (tile.down = 1; tile.down <= 4; tile.down *= 2)
    for (tile.across = 1; tile.across <= (rows ? 1 : 2); tile.across *= 2)
      for (tile.consumers = 1; tile.consumers <= 2; ++tile.consumers)
        for (tile.tiles = 1; tile.tiles <= (rows ? 4 : 1); ++tile.tiles)
          for (tile.columns = 64; tile.columns <= widest; tile.columns += 8)
            consider();
  return best;
}

} // namespace dit::codegen::cuda
