// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How close samples are to real images, by the features that some network gave
// of both. One file a figure.
#ifndef DIT_RUNTIME_EVALUATION_EVALUATION_H
#define DIT_RUNTIME_EVALUATION_EVALUATION_H

#include <Eigen/Core>

#include <cstdint>

namespace dit::runtime {

class ThreadPool;

/// One row an image.
using Rows =
    Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// Mean (D) and covariance (D, D), unbiased, of features (N, D).
struct Gaussian {
  Eigen::VectorXd mean;
  Eigen::MatrixXd covariance;
};

/// At least two rows.
Gaussian fitGaussian(const Rows &features, ThreadPool &pool);

/// |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2)) (Heusel et al., 2017).
double frechetDistance(const Gaussian &a, const Gaussian &b, ThreadPool &pool);

struct InceptionScore {
  double mean, deviation; ///< over the parts; the population's deviation
};

/// exp(mean of KL(p(y|x) || p(y))) of logits (N, K), in parts of `partSize`
/// images in the order of the file, the last one perhaps smaller (Salimans et
/// al., 2016; 5000 in the ADM evaluation suite).
InceptionScore inceptionScore(const Rows &logits, int64_t partSize);

struct PrecisionRecall {
  double precision; ///< part of the samples that lie on the real manifold
  double recall;    ///< part of the real images that lie on the samples'
};

/// A manifold is all that is as close to one of its images as that image's
/// `neighbours`-th neighbour (Kynkaanniemi et al., 2019; 3 neighbours there).
PrecisionRecall precisionRecall(const Rows &real, const Rows &samples,
                                int neighbours, ThreadPool &pool);

} // namespace dit::runtime

#endif // DIT_RUNTIME_EVALUATION_EVALUATION_H
