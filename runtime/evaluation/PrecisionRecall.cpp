// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Precision and recall by nearest neighbours. All pairs of images are compared,
// a block of rows a unit of work.
#include "runtime/cpu/ThreadPool.h"
#include "runtime/evaluation/Evaluation.h"

#include <algorithm>
#include <vector>

namespace dit::runtime {
namespace {

constexpr Eigen::Index kBlock = 128;

/// Squared distances of rows [first, first + count) of `a` from all of `b`.
Rows distances(const Rows &a, Eigen::Index first, Eigen::Index count,
               const Rows &b) {
  auto some = a.middleRows(first, count);
  Rows d = -2 * (some * b.transpose());
  d.colwise() += some.rowwise().squaredNorm();
  d.rowwise() += b.rowwise().squaredNorm().transpose();
  return d.cwiseMax(0);
}

/// Calls visit(row of a, its squared distances from b).
template <typename Visit>
void forEachRow(const Rows &a, const Rows &b, ThreadPool &pool, Visit visit) {
  pool.run((a.rows() + kBlock - 1) / kBlock,
           [&](int, int64_t begin, int64_t end) {
             for (int64_t unit = begin; unit < end; ++unit) {
               Eigen::Index first = unit * kBlock;
               Eigen::Index count = std::min(kBlock, a.rows() - first);
               Rows d = distances(a, first, count, b);
               for (Eigen::Index i = 0; i < count; ++i)
                 visit(first + i, d.row(i));
             }
           });
}

/// Of each image the squared distance of its neighbour.
Eigen::VectorXd radii(const Rows &images, int neighbours, ThreadPool &pool) {
  Eigen::VectorXd radius(images.rows());
  forEachRow(images, images, pool, [&](Eigen::Index i, const auto &d) {
    std::vector<double> all(d.begin(), d.end());
    all[i] = 0; // itself, which is not its own neighbour
    std::nth_element(all.begin(), all.begin() + neighbours, all.end());
    radius[i] = all[neighbours];
  });
  return radius;
}

/// The part of `images` that lie within a radius of one of `manifold`.
double partWithin(const Rows &images, const Rows &manifold,
                  const Eigen::VectorXd &radius, ThreadPool &pool) {
  std::vector<char> isWithin(images.rows());
  forEachRow(images, manifold, pool, [&](Eigen::Index i, const auto &d) {
    isWithin[i] = (d.transpose().array() <= radius.array()).any();
  });
  return static_cast<double>(std::count(isWithin.begin(), isWithin.end(), 1)) /
         static_cast<double>(images.rows());
}

} // namespace

PrecisionRecall precisionRecall(const Rows &real, const Rows &samples,
                                int neighbours, ThreadPool &pool) {
  // Differences of features are small beside features: without the mean the
  // squares lose fewer digits.
  Eigen::RowVectorXd mean = real.colwise().mean();
  Rows a = real.rowwise() - mean, b = samples.rowwise() - mean;
  return {partWithin(b, a, radii(a, neighbours, pool), pool),
          partWithin(a, b, radii(b, neighbours, pool), pool)};
}

} // namespace dit::runtime
