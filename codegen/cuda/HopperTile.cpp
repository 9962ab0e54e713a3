// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The model of HopperTile.h, and the search for its fastest tile.
#include "codegen/cuda/HopperTile.h"

#include <algorithm>
#include <cmath>

namespace dit::codegen::cuda {

namespace {

constexpr int64_t kMultiprocessors = 132;
constexpr int64_t kSharedBytesOfBlock = 227 << 10;
constexpr int64_t kLeastStages = 3, kMostStages = 8;
constexpr double kSharedBytesPerClock = 128, kIngressBytesPerClock = 64;
constexpr double kLatency = 1000; ///< clocks, of a load under way
constexpr double kOwnWay = 175; ///< clocks of a warp for a step's instructions
constexpr double kClocksPerFeature = 10, kClocksPerColumn = 20;

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
  const int64_t resident = cluster > 4   ? 120
                           : cluster > 2 ? 128
                                         : kMultiprocessors;
  const double whole = double(blocks) / resident;
  // Blocks of many waves drift apart.
  const double waves = whole <= 2 ? std::ceil(whole) : whole + 0.4;

  // Of a step, 64 deep.
  const double written = stageBytes(*this, shape);
  const double multiply = rows() * columns * 64 / 2048.;
  const double shared =
      (4. * consumers * (64 + columns) * 32 + written) / kSharedBytesPerClock;
  const double ingress = written / kIngressBytesPerClock;
  const double bytes =
      columns * 128. / down + (shape.makesRows ? 0. : rows() * 128. / across);
  const double bytesPerClock = std::min(32., (stages - 1) * written / kLatency);
  const double step =
      std::max({multiply, shared, ingress, bytes / bytesPerClock, kOwnWay});
  double before = 2000;
  if (shape.makesRows) // 64 by 8 warps, or 128 by 12
    before += kClocksPerFeature * shape.depth * (consumers == 1 ? 1 : 4 / 3.);
  const double epilogue = kClocksPerColumn * columns;
  return waves * (before + tiles * (depth / 64 * step + epilogue));
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
