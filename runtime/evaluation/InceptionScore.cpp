// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The Inception score of logits.
#include "runtime/evaluation/Evaluation.h"

#include <cmath>
#include <vector>

namespace dit::runtime {

/// Of logits (n, K): log p by a stable softmax.
static double scoreOf(const Rows &logits) {
  Rows logP = logits.colwise() - logits.rowwise().maxCoeff().eval();
  Eigen::VectorXd logSum = logP.array().exp().rowwise().sum().log().matrix();
  logP.colwise() -= logSum;
  Rows p = logP.array().exp().matrix();
  Eigen::RowVectorXd marginal = p.colwise().mean();
  // 0 log 0 is 0, as where a class is given no probability by any image.
  double divergence = 0;
  for (Eigen::Index i = 0; i < p.rows(); ++i)
    for (Eigen::Index k = 0; k < p.cols(); ++k)
      if (p(i, k) > 0)
        divergence += p(i, k) * (logP(i, k) - std::log(marginal(k)));
  return std::exp(divergence / static_cast<double>(p.rows()));
}

InceptionScore inceptionScore(const Rows &logits, int64_t partSize) {
  std::vector<double> scores;
  for (Eigen::Index first = 0; first < logits.rows(); first += partSize)
    scores.push_back(scoreOf(logits.middleRows(
        first, std::min<Eigen::Index>(partSize, logits.rows() - first))));
  Eigen::Map<const Eigen::VectorXd> all(
      scores.data(), static_cast<Eigen::Index>(scores.size()));
  double mean = all.mean();
  return {mean, std::sqrt((all.array() - mean).square().mean())};
}

} // namespace dit::runtime
