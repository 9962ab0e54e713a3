// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The ops that compute: matmul, attention, norms and what is done to rows.
#include "dialect/Semantics.h"

#include <cmath>

using namespace llvm;

namespace dit::semantics {

/// Eight partial sums, so that the compiler may use vectors without reordering.
static double dot(const double *a, const double *b, int64_t count) {
  double sums[8] = {};
  int64_t k = 0;
  for (; k + 8 <= count; k += 8)
    for (int64_t l = 0; l < 8; ++l)
      sums[l] += a[k + l] * b[k + l];
  for (int64_t l = 0; k < count; ++k, ++l)
    sums[l] += a[k] * b[k];
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) +
         ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

/// The weights of output feature m: row m of (M, K), or gathered from what
/// packs it.
static void copyFeature(const Tensor &weight, int64_t m, LayoutAttr layout,
                        std::vector<double> &feature) {
  int64_t inputs = feature.size();
  for (int64_t k = 0; k < inputs; ++k)
    feature[k] =
        weight
            .values[layout ? layout.packedIndex(m, k, inputs) : m * inputs + k];
}

void linear(const Tensor &x, const Tensor &weight, const Tensor *bias,
            Multiply as, LayoutAttr layout, Tensor &result) {
  int64_t inputs = x.dim(-1), features = result.dim(-1);
  int64_t rows = result.size() / features;
  auto round = [as](double &value) { value = rounded(value, as); };
  std::vector<double> feature(inputs), multiplied(x.values);
  llvm::for_each(multiplied, round);
  for (int64_t m = 0; m < features; ++m) {
    copyFeature(weight, m, layout, feature);
    llvm::for_each(feature, round);
    for (int64_t r = 0; r < rows; ++r)
      result.values[r * features + m] =
          dot(&multiplied[r * inputs], feature.data(), inputs) +
          (bias ? bias->values[m] : 0.0);
  }
}

/// In place; the largest score is subtracted first, so that no exponential
/// overflows.
static void softmax(std::vector<double> &scores) {
  double largest = -INFINITY, sum = 0;
  for (double score : scores)
    largest = std::max(largest, score);
  for (double &score : scores)
    sum += score = std::exp(score - largest);
  for (double &score : scores)
    score /= sum;
}

void attention(const Tensor &q, const Tensor &k, const Tensor &v, int64_t heads,
               Tensor &result) {
  int64_t samples = q.dim(0), tokens = q.dim(1), width = q.dim(2); // (N, T, D)
  int64_t sources = k.dim(1), headDim = width / heads;
  std::vector<double> scores(sources); // (S)
  for (int64_t n = 0; n < samples; ++n)
    for (int64_t a = 0; a < heads; ++a)
      for (int64_t t = 0; t < tokens; ++t) {
        int64_t to = (n * tokens + t) * width + a * headDim;
        int64_t from = n * sources * width + a * headDim;
        for (int64_t s = 0; s < sources; ++s)
          scores[s] = dot(&q.values[to], &k.values[from + s * width], headDim) /
                      std::sqrt(double(headDim));
        softmax(scores);
        for (int64_t s = 0; s < sources; ++s)
          for (int64_t d = 0; d < headDim; ++d)
            result.values[to + d] += scores[s] * v.values[from + s * width + d];
      }
}

void layerNorm(const Tensor &x, const Tensor *weight, const Tensor *bias,
               double eps, Tensor &result) {
  int64_t width = x.dim(-1);
  for (int64_t at = 0; at < x.size(); at += width) {
    const double *row = &x.values[at];
    double mean = 0, variance = 0;
    for (int64_t d = 0; d < width; ++d)
      mean += row[d];
    mean /= width;
    for (int64_t d = 0; d < width; ++d)
      variance += (row[d] - mean) * (row[d] - mean);
    variance /= width;
    for (int64_t d = 0; d < width; ++d) {
      double value = (row[d] - mean) / std::sqrt(variance + eps);
      result.values[at + d] =
          weight ? value * weight->values[d] + bias->values[d] : value;
    }
  }
}

void rmsNorm(const Tensor &x, const Tensor *weight, double eps,
             Tensor &result) {
  int64_t width = x.dim(-1);
  for (int64_t at = 0; at < x.size(); at += width) {
    double meanSquare = 0;
    for (int64_t d = 0; d < width; ++d)
      meanSquare += x.values[at + d] * x.values[at + d];
    meanSquare /= width;
    for (int64_t d = 0; d < width; ++d)
      result.values[at + d] = x.values[at + d] / std::sqrt(meanSquare + eps) *
                              (weight ? weight->values[d] : 1.0);
  }
}

/// The element of a condition (N, D) that belongs to element i of x (N, T, D)
/// or (N, D).
static int64_t conditionOf(const Tensor &x, int64_t i) {
  int64_t width = x.dim(-1), sample = x.size() / x.dim(0);
  return i / sample * width + i % width;
}

void modulate(const Tensor &x, const Tensor &shift, const Tensor &scale,
              Tensor &result) {
  for (int64_t i = 0; i < x.size(); ++i) {
    int64_t c = conditionOf(x, i);
    result.values[i] = x.values[i] * (1 + scale.values[c]) + shift.values[c];
  }
}

void gate(const Tensor &x, const Tensor &gate, Tensor &result) {
  for (int64_t i = 0; i < x.size(); ++i)
    result.values[i] = x.values[i] * gate.values[conditionOf(x, i)];
}

void rotate(const Tensor &x, const Tensor &table, int64_t features,
            Tensor &result) {
  int64_t width = x.dim(2), tokens = x.dim(1), d = table.dim(1);
  result.values = x.values; // (N, T, F)
  for (int64_t row = 0; row * width < x.size(); ++row)
    for (int64_t f = 0; f < features; f += 2) {
      const double *from = &x.values[row * width + f];
      const double *turn = &table.values[row % tokens * d + f % d]; // cos, sin
      double *to = &result.values[row * width + f];
      to[0] = from[0] * turn[0] - from[1] * turn[1];
      to[1] = from[1] * turn[0] + from[0] * turn[1];
    }
}

// An rhs without the first dimension repeats: its size divides lhs's.
void add(const Tensor &lhs, const Tensor &rhs, Tensor &result) {
  for (int64_t i = 0; i < lhs.size(); ++i)
    result.values[i] = lhs.values[i] + rhs.values[i % rhs.size()];
}

void mul(const Tensor &lhs, const Tensor &rhs, Tensor &result) {
  for (int64_t i = 0; i < lhs.size(); ++i)
    result.values[i] = lhs.values[i] * rhs.values[i % rhs.size()];
}

void silu(const Tensor &x, Tensor &result) {
  for (int64_t i = 0; i < x.size(); ++i)
    result.values[i] = x.values[i] / (1 + std::exp(-x.values[i]));
}

void gelu(const Tensor &x, GeluForm form, Tensor &result) {
  for (int64_t i = 0; i < x.size(); ++i) {
    double v = x.values[i];
    result.values[i] = form == GeluForm::Erf
                           ? v / 2 * (1 + std::erf(v / std::sqrt(2.0)))
                           : v / 2 *
                                 (1 + std::tanh(std::sqrt(2 / M_PI) *
                                                (v + 0.044715 * v * v * v)));
  }
}

} // namespace dit::semantics
