// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The Frechet distance between Gaussians. The trace of (S1 S2)^(1/2) is the sum
// of the roots of the eigenvalues of F^T S2 F where S1 = F F^T: these are
// symmetric, so that no complex roots and no offset on the diagonal are needed.
#include "runtime/evaluation/Products.h"

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>

namespace dit::runtime {

/// a a^T.
static Eigen::MatrixXd symmetricProduct(const Operand &a, ThreadPool &pool) {
  Eigen::MatrixXd result(a.rows, a.rows);
  forEachTile(a, pool,
              [&](Eigen::Index first, Eigen::Index second, ProductTile tile) {
                result.block(first, second, tile.rows(), tile.cols()) = tile;
                result.block(second, first, tile.cols(), tile.rows()) =
                    tile.transpose();
              });
  return result;
}

/// a b^T.
static Eigen::MatrixXd product(const Operand &a, const Operand &b,
                               ThreadPool &pool) {
  Eigen::MatrixXd result(a.rows, b.rows);
  forEachTile(a, b, pool,
              [&](Eigen::Index first, Eigen::Index second, ProductTile tile) {
                result.block(first, second, tile.rows(), tile.cols()) = tile;
              });
  return result;
}

Gaussian fitGaussian(const Rows &features, ThreadPool &pool) {
  Gaussian g;
  g.mean = features.colwise().mean().transpose();
  Rows centred = features.rowwise() - g.mean.transpose();
  g.covariance = symmetricProduct(columnsOf(centred), pool);
  g.covariance /= static_cast<double>(features.rows() - 1);
  return g;
}

double frechetDistance(const Gaussian &a, const Gaussian &b, ThreadPool &pool) {
  // Pivoted, since a covariance of fewer images than features is singular.
  Eigen::LDLT<Eigen::MatrixXd> ldlt(a.covariance);
  Eigen::MatrixXd factor = ldlt.matrixL();
  factor *= ldlt.vectorD().cwiseMax(0).cwiseSqrt().asDiagonal();
  factor = ldlt.transpositionsP().transpose() * factor;
  Operand factorColumns = columnsOf(factor);
  Eigen::MatrixXd right =
      product(columnsOf(b.covariance), factorColumns, pool); // S2 F
  Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(
      product(factorColumns, columnsOf(right), pool), Eigen::EigenvaluesOnly);
  double root = eigen.eigenvalues().cwiseMax(0).cwiseSqrt().sum();
  return (a.mean - b.mean).squaredNorm() + a.covariance.trace() +
         b.covariance.trace() - 2 * root;
}

} // namespace dit::runtime
