// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Precision and recall by nearest neighbours: all pairs of images are compared
// once, a tile of pairs at a time.
#include "runtime/cpu/ThreadPool.h"
#include "runtime/evaluation/Evaluation.h"
#include "runtime/evaluation/Products.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <mutex>
#include <vector>

namespace dit::runtime {
namespace {

using Eigen::Index;

/// Of each image the smallest `count` values that it was given.
class Smallest {
public:
  Smallest(Index images, int count)
      : count(count), values(static_cast<size_t>(images) * count,
                             std::numeric_limits<double>::infinity()) {}

  void add(Index image, double value) {
    // A heap, the largest in front.
    auto begin = values.begin() + image * count, end = begin + count;
    if (value >= *begin)
      return;
    std::pop_heap(begin, end);
    end[-1] = value;
    std::push_heap(begin, end);
  }
  double largestOf(Index image) const { return values[image * count]; }

private:
  int count;
  std::vector<double> values;
};

/// The squared distances of the images whose dot products the tile holds.
void toDistances(ProductTile &tile, const Eigen::VectorXd &normsA, Index first,
                 const Eigen::VectorXd &normsB, Index second) {
  auto right = normsB.segment(second, tile.cols()).transpose().array();
  for (Index i = 0; i < tile.rows(); ++i)
    tile.row(i) = (normsA[first + i] + right - 2 * tile.row(i).array()).max(0);
}

/// Of each image the squared distance of its neighbour.
Eigen::VectorXd radii(const Rows &images, int neighbours, ThreadPool &pool) {
  Eigen::VectorXd norms = images.rowwise().squaredNorm();
  Smallest nearest(images.rows(), neighbours);
  std::vector<std::mutex> locks(images.rows() / kTileRows + 1);
  forEachTile(
      rowsOf(images), pool, [&](Index first, Index second, ProductTile tile) {
        toDistances(tile, norms, first, norms, second);
        // No image is its own neighbour.
        if (first == second)
          tile.diagonal().setConstant(std::numeric_limits<double>::infinity());
        {
          std::lock_guard lock(locks[first / kTileRows]);
          for (Index i = 0; i < tile.rows(); ++i)
            for (Index j = 0; j < tile.cols(); ++j)
              nearest.add(first + i, tile(i, j));
        }
        if (first == second)
          return;
        std::lock_guard lock(locks[second / kTileRows]);
        for (Index i = 0; i < tile.rows(); ++i)
          for (Index j = 0; j < tile.cols(); ++j)
            nearest.add(second + j, tile(i, j));
      });
  Eigen::VectorXd radius(images.rows());
  for (Index i = 0; i < images.rows(); ++i)
    radius[i] = nearest.largestOf(i);
  return radius;
}

/// Images found to lie within a manifold.
class Found {
public:
  explicit Found(Index images) : flags(images) {}
  void add(Index image) { flags[image].store(1, std::memory_order_relaxed); }
  double part() const {
    return static_cast<double>(std::count(flags.begin(), flags.end(), 1)) /
           static_cast<double>(flags.size());
  }

private:
  std::vector<std::atomic<char>> flags;
};

} // namespace

PrecisionRecall precisionRecall(const Rows &real, const Rows &samples,
                                int neighbours, ThreadPool &pool) {
  // Differences of features are small beside features: without the mean the
  // squares lose fewer digits.
  Eigen::RowVectorXd mean = real.colwise().mean();
  Rows a = real.rowwise() - mean, b = samples.rowwise() - mean;
  Eigen::VectorXd radiusA = radii(a, neighbours, pool),
                  radiusB = radii(b, neighbours, pool),
                  normsA = a.rowwise().squaredNorm(),
                  normsB = b.rowwise().squaredNorm();
  Found realFound(a.rows()), samplesFound(b.rows());
  forEachTile(rowsOf(a), rowsOf(b), pool,
              [&](Index first, Index second, ProductTile tile) {
                toDistances(tile, normsA, first, normsB, second);
                for (Index i = 0; i < tile.rows(); ++i)
                  for (Index j = 0; j < tile.cols(); ++j) {
                    if (tile(i, j) <= radiusA[first + i])
                      samplesFound.add(second + j);
                    if (tile(i, j) <= radiusB[second + j])
                      realFound.add(first + i);
                  }
              });
  return {samplesFound.part(), realFound.part()};
}

} // namespace dit::runtime
