// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The tiles that linears get on sm_90a keep to what the hardware and the
// templates allow, and fill the chip where the model says they can.
#include "codegen/cuda/HopperTile.h"
#include <gtest/gtest.h>

using namespace dit::codegen::cuda;

namespace {

/// qkv, proj, fc1, fc2 of a width, for so many rows.
std::vector<LinearShape> block(int64_t width, int64_t rows) {
  return {{rows, 3 * width, width, true},
          {rows, width, width, false},
          {rows, 4 * width, width, true},
          {rows, width, 4 * width, false}};
}

TEST(HopperTile, KeepsToTheLimits) {
  for (int64_t width : {64, 72, 200, 384, 768, 1024, 1152})
    for (int64_t rows : {1, 70, 512, 16384})
      for (const LinearShape &shape : block(width, rows)) {
        auto tile = chooseHopperTile(shape);
        ASSERT_TRUE(tile) << width << " x " << rows;
        EXPECT_LE(tile->sharedBytes(shape), 227 << 10);
        EXPECT_LE(tile->columns, 256);
        EXPECT_EQ(tile->columns % (8 * tile->down), 0);
        EXPECT_EQ(tile->rows() % (8 * tile->across), 0);
        EXPECT_LE(tile->down * tile->across, 8);
        EXPECT_GE(tile->stages, 2);
        // A thread of two warpgroups gets 232 registers, by setmaxnreg; half
        // a register an accumulated column.
        EXPECT_LE(tile->columns / 2 + 80, tile->consumers == 2 ? 232 : 255);
        if (shape.makesRows)
          EXPECT_EQ(tile->across, 1);
        else
          EXPECT_EQ(tile->tiles, 1);
      }
}

TEST(HopperTile, FillsTheChipAtOneGuidedSampleOfXL) {
  for (const LinearShape &shape : block(1152, 512)) {
    auto tile = chooseHopperTile(shape);
    const int64_t blocks =
        (shape.rows + tile->rows() - 1) / tile->rows() *
        ((shape.columns - 1) / (tile->columns * tile->tiles) + 1);
    EXPECT_GE(blocks, 96);
    EXPECT_LE(blocks, 132); // one wave
  }
}

TEST(HopperTile, ClustersSaveTheWayFromTheCache) {
  const LinearShape fc2{512, 1152, 4608, false};
  HopperTile shared = *chooseHopperTile(fc2), alone = shared;
  alone.down = alone.across = 1;
  // Then it is the port of shared memory that limits, twice as wide for fc2.
  EXPECT_LT(shared.clocks(fc2), 0.6 * alone.clocks(fc2));
}

TEST(HopperTile, RowsThatDoNotFitHaveNone) {
  EXPECT_FALSE(chooseHopperTile({512, 1152, 4608, true}));
}

} // namespace
