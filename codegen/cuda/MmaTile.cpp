// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The model of MmaTile.h, and the search for its fastest tile.
#include "codegen/cuda/MmaTile.h"

#include <algorithm>

namespace dit::codegen::cuda {

namespace {

/// Of a kernel that reads x from memory, so that two blocks share a big
/// multiprocessor; rows that a block makes take what there is.
constexpr int64_t kMostPlainBytes = 84 << 10;

/// Bytes of the rows that a block keeps, padded as the template has them.
int64_t rowBytes(const MmaTile &tile, const LinearShape &shape) {
  const int64_t padded = ceilDiv(shape.depth, tile.step) * tile.step;
  return shape.makesRows ? tile.rows * (padded * shape.elementBytes + 16) : 0;
}

int64_t stageBytes(const MmaTile &tile, const LinearShape &shape) {
  return (tile.columns + (shape.makesRows ? 0 : tile.rows)) *
         (tile.step * shape.elementBytes + 16);
}

/// The deepest step of which three stages fit.
bool chooseStages(MmaTile &tile, const LinearShape &shape, const Arch &arch) {
  constexpr int64_t kLeastStages = 3, kMostStages = 4;
  const int64_t most = shape.makesRows
                           ? arch.sharedBytes
                           : std::min(arch.sharedBytes, kMostPlainBytes);
  const int64_t least = 32 / shape.elementBytes; // an mma.sync's depth
  for (tile.step = 4 * least; tile.step >= least; tile.step /= 2) {
    const int64_t left = most - rowBytes(tile, shape);
    tile.stages = std::min(left / stageBytes(tile, shape), kMostStages);
    if (left > 0 && tile.stages >= kLeastStages &&
        tile.step < 2 * std::max(shape.depth, least))
      return true;
  }
  return false;
}

} // namespace

int64_t MmaTile::sharedBytes(const LinearShape &shape) const {
  return rowBytes(*this, shape) + stages * stageBytes(*this, shape);
}

double MmaTile::clocks(const LinearShape &shape, const Arch &arch) const {
  constexpr double kLatency = 1500; // to the first stage, and of the epilogue
  const int64_t blocks =
      ceilDiv(shape.rows, rows) * ceilDiv(shape.columns, columns * tiles);
  const int64_t share = ceilDiv(blocks, arch.multiprocessors);
  const int64_t depth = ceilDiv(shape.depth, step) * step;

  const double bytes = shape.elementBytes;
  const double multiply =
      tiles * rows * columns * depth * bytes / 2 / arch.multipliesPerClock;
  const double shared =
      tiles * depth * bytes * (rows * warpsAcross + columns * warpsDown) / 128;
  double loaded = bytes * tiles * columns * depth, before = kLatency;
  if (shape.makesRows)
    before += 4. * rows * depth / 32;
  else
    loaded += bytes * rows * depth;
  return share * (before + std::max({multiply, shared, loaded / 32}));
}

std::optional<MmaTile> chooseMmaTile(const LinearShape &shape,
                                     const Arch &arch) {
  struct Split {
    int size, warps;
  };
  static constexpr Split kDown[] = {{16, 1}, {32, 2}, {64, 2}, {128, 2}};
  static constexpr Split kAcross[] = {{32, 2}, {64, 4}, {96, 3}, {128, 4}};
  std::optional<MmaTile> best;
  for (const Split &down : kDown)
    for (const Split &across : kAcross)
      for (int tiles = 1; tiles <= (shape.makesRows ? 4 : 1); ++tiles) {
        MmaTile tile;
        tile.rows = down.size, tile.warpsDown = down.warps;
        tile.columns = across.size, tile.warpsAcross = across.warps;
        tile.tiles = tiles;
        if (chooseStages(tile, shape, arch) &&
            (!best || tile.clocks(shape, arch) < best->clocks(shape, arch)))
          best = tile;
      }
  return best;
}

} // namespace dit::codegen::cuda
