// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The products behind `evaluate`: every kernel that this CPU can run, at sizes
// that fill no tile.
#include "runtime/evaluation/Products.h"
#include "runtime/cpu/ThreadPool.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>

namespace dit::runtime {
namespace {

Rows randomRows(Eigen::Index rows, Eigen::Index columns, unsigned seed) {
  srand(seed);
  return Rows::Random(rows, columns);
}

TEST(Products, AreThoseOfEveryPairOnce) {
  ThreadPool pool(3);
  for (const ProductKernel &kernel : productKernels())
    for (auto [rows, columns, depth] :
         {std::array{1, 1, 1}, {7, 300, 25}, {241, 241, 256}, {485, 50, 513}}) {
      Rows a = randomRows(rows, depth, 1), b = randomRows(columns, depth, 2);
      Rows got = Rows::Zero(rows, columns);
      forEachTile(
          rowsOf(a), rowsOf(b), pool,
          [&](Eigen::Index first, Eigen::Index second, ProductTile tile) {
            got.block(first, second, tile.rows(), tile.cols()) += tile;
          },
          kernel);
      EXPECT_LT((got - a * b.transpose()).cwiseAbs().maxCoeff(), 1e-12)
          << kernel.feature << " " << rows << "x" << columns << "x" << depth;
    }
}

TEST(Products, OfOneOperandAreTheUpperTiles) {
  ThreadPool pool(2);
  for (const ProductKernel &kernel : productKernels()) {
    Rows a = randomRows(40, 500, 3), got = Rows::Zero(500, 500);
    forEachTile(
        columnsOf(a), pool,
        [&](Eigen::Index first, Eigen::Index second, ProductTile tile) {
          got.block(first, second, tile.rows(), tile.cols()) += tile;
        },
        kernel);
    Rows want = a.transpose() * a;
    // Below the tiles on the diagonal there is nothing.
    for (Eigen::Index i = 0; i < 500; ++i)
      for (Eigen::Index j = 0; j < 500; ++j)
        if (i / kTileRows > j / kTileRows)
          want(i, j) = 0;
    EXPECT_LT((got - want).cwiseAbs().maxCoeff(), 1e-12) << kernel.feature;
  }
}

TEST(Products, AreTheSameBitsForAnyNumberOfThreads) {
  Rows a = randomRows(700, 90, 4), one(700, 700), three(700, 700);
  for (auto [threads, got] : {std::pair{1, &one}, {3, &three}}) {
    ThreadPool pool(threads);
    forEachTile(rowsOf(a), rowsOf(a), pool,
                [&](Eigen::Index first, Eigen::Index second, ProductTile tile) {
                  got->block(first, second, tile.rows(), tile.cols()) = tile;
                });
  }
  EXPECT_TRUE(one == three);
}

} // namespace
} // namespace dit::runtime
