// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tiles of linears on mma.sync: they fit, and a step of the paper's models
// fills the GPU.
#include "codegen/cuda/MmaTile.h"
#include "gtest/gtest.h"

using namespace dit::codegen::cuda;

namespace {

int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

int64_t blocks(const LinearShape &shape, const MmaTile &tile) {
  return ceilDiv(shape.rows, tile.rows) *
         ceilDiv(shape.columns, tile.columns * tile.tiles);
}

/// The four linears of a block, over 256 tokens of so many samples.
std::vector<LinearShape> linearsOf(int64_t width, int64_t samples) {
  const int64_t rows = 256 * samples;
  return {{rows, 3 * width, width, true},
          {rows, width, width, false},
          {rows, 4 * width, width, true},
          {rows, width, 4 * width, false}};
}

TEST(MmaTile, FitsIntoSharedMemoryAndRegisters) {
  for (const Arch &arch : archs())
    for (int64_t width : {8, 72, 384, 768, 1152, 1536})
      for (int64_t samples : {1, 2, 64})
        for (const LinearShape &shape : linearsOf(width, samples)) {
          auto tile = chooseMmaTile(shape, arch);
          ASSERT_TRUE(tile) << arch.name.str() << ", width " << width;
          EXPECT_LE(tile->sharedBytes(shape), arch.sharedBytes);
          // What an mma.sync of every warp accumulates, a thread.
          EXPECT_LE(tile->rows * tile->columns / tile->threads(), 64);
          EXPECT_GE(tile->stages, 3);
        }
}

TEST(MmaTile, AGuidedStepOfOneSampleFillsMostOfTheGpu) {
  for (const Arch &arch : archs())
    for (int64_t width : {384, 768, 1152})
      for (const LinearShape &shape : linearsOf(width, 2)) {
        // The last wave may be thin, but no wave is mostly empty.
        const int64_t count = blocks(shape, *chooseMmaTile(shape, arch));
        const int64_t waves = ceilDiv(count, arch.multiprocessors);
        EXPECT_GE(count, 0.6 * waves * arch.multiprocessors)
            << arch.name.str() << ", width " << width << ", " << shape.columns
            << " columns of depth " << shape.depth;
      }
}

TEST(MmaTile, RowsOfManyFeaturesFitNowhere) {
  EXPECT_FALSE(chooseMmaTile({512, 1152, 16384, true}, *findArch("sm_100")));
  EXPECT_TRUE(chooseMmaTile({512, 1152, 16384, false}, *findArch("sm_86")));
}

} // namespace
