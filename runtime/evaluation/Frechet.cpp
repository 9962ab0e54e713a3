// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The Frechet distance between Gaussians. The trace of (S1 S2)^(1/2) is the sum
// of the roots of the eigenvalues of F^T S2 F where S1 = F F^T: these are
// symmetric, so that no complex roots and no offset on the diagonal are needed.
#include "runtime/cpu/ThreadPool.h"
#include "runtime/evaluation/Evaluation.h"

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>

#include <vector>

namespace dit::runtime {

Gaussian fitGaussian(const Rows &features, ThreadPool &pool) {
  Gaussian g;
  g.mean = features.colwise().mean().transpose();
  // A block of columns of the covariance a unit.
  constexpr Eigen::Index block = 64;
  Rows centred = features.rowwise() - g.mean.transpose();
  Eigen::Index size = features.cols();
  g.covariance.resize(size, size);
  pool.run((size + block - 1) / block, [&](int, int64_t begin, int64_t end) {
    for (int64_t unit = begin; unit < end; ++unit) {
      Eigen::Index first = unit * block, count = std::min(block, size - first);
      g.covariance.middleCols(first, count).noalias() =
          centred.transpose() * centred.middleCols(first, count);
    }
  });
  g.covariance /= static_cast<double>(features.rows() - 1);
  return g;
}

double frechetDistance(const Gaussian &a, const Gaussian &b) {
  // Pivoted, since a covariance of fewer images than features is singular.
  Eigen::LDLT<Eigen::MatrixXd> ldlt(a.covariance);
  Eigen::MatrixXd factor = ldlt.matrixL();
  factor *= ldlt.vectorD().cwiseMax(0).cwiseSqrt().asDiagonal();
  factor = ldlt.transpositionsP().transpose() * factor;
  Eigen::MatrixXd product = factor.transpose() * b.covariance * factor;
  Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(product,
                                                       Eigen::EigenvaluesOnly);
  double root = eigen.eigenvalues().cwiseMax(0).cwiseSqrt().sum();
  return (a.mean - b.mean).squaredNorm() + a.covariance.trace() +
         b.covariance.trace() - 2 * root;
}

} // namespace dit::runtime
