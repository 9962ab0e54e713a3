// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The ops that move, pick or round elements, and the tables: patches, views,
// concat, pack, cast, position and embeddings.
#include "dialect/Semantics.h"

#include <cmath>

using namespace llvm;

namespace dit::semantics {

void sincosPosition(int64_t gridHeight, int64_t gridWidth, double rowScale,
                    double columnScale, Tensor &result) {
  int64_t quarter = result.dim(1) / 4;
  double *row = result.values.data(); // (T, D)
  for (int64_t h = 0; h < gridHeight; ++h)
    for (int64_t w = 0; w < gridWidth; ++w, row += 4 * quarter)
      for (int64_t j = 0; j < quarter; ++j) {
        double omega = std::pow(10000.0, -double(j) / quarter);
        double a = h * rowScale, b = w * columnScale;
        row[j] = std::sin(b * omega);
        row[quarter + j] = std::cos(b * omega);
        row[2 * quarter + j] = std::sin(a * omega);
        row[3 * quarter + j] = std::cos(a * omega);
      }
}

void rotaryPosition(int64_t gridHeight, int64_t gridWidth, double rowScale,
                    double columnScale, double theta, Tensor &result) {
  int64_t half = result.dim(1) / 2, quarter = half / 2;
  double *row = result.values.data(); // (T, d)
  for (int64_t t = 0; t < result.dim(0); ++t, row += 2 * half) {
    int64_t h = t / gridWidth, w = t % gridWidth;
    bool hasPosition = h < gridHeight;
    for (int64_t i = 0; i < half; ++i) {
      double position = i < quarter ? h * rowScale : w * columnScale;
      double angle = position * std::pow(theta, -double(i % quarter) / quarter);
      row[2 * i] = hasPosition ? std::cos(angle) : 1;
      row[2 * i + 1] = hasPosition ? std::sin(angle) : 0;
    }
  }
}

void timestepEmbedding(const Tensor &t, double maxPeriod, int64_t shift,
                       Tensor &result) {
  int64_t half = result.dim(1) / 2;
  for (int64_t n = 0; n < t.size(); ++n) {
    double *row = &result.values[n * 2 * half]; // (N, dim)
    for (int64_t i = 0; i < half; ++i) {
      // The two roundings of the published code. At t = 1000 an ulp of the
      // product is 6e-5 of a radian, so leaving them out would show.
      float f = std::exp(-std::log(maxPeriod) * i / (half - shift));
      float angle = float(t.values[n]) * f;
      row[i] = std::cos(double(angle));
      row[half + i] = std::sin(double(angle));
    }
  }
}

bool embedding(const Tensor &index, const Tensor &table, bool rounds,
               Tensor &result) {
  int64_t width = table.dim(1), rows = table.dim(0);
  for (int64_t n = 0; n < index.size(); ++n) {
    double row = index.values[n];
    if (rounds) // the comparison is false of a NaN
      row = row > 0 ? std::min(std::nearbyint(row), double(rows - 1)) : 0;
    if (!(row >= 0 && row < rows))
      return false;
    std::copy_n(&table.values[int64_t(row) * width], width,
                &result.values[n * width]);
  }
  return true;
}

/// Calls `pair(image index, i, j, c, token row)` for every element of a (N, C,
/// H, W) image cut into patches; the token row is (n, t) flattened.
template <typename Function>
static void forEachPixel(const Tensor &image, int64_t patch, Function pair) {
  int64_t channels = image.dim(1), height = image.dim(2), width = image.dim(3);
  int64_t at = 0, rowsASample = (height / patch) * (width / patch);
  for (int64_t n = 0; n < image.dim(0); ++n)
    for (int64_t c = 0; c < channels; ++c)
      for (int64_t h = 0; h < height; ++h)
        for (int64_t w = 0; w < width; ++w, ++at)
          pair(at, h % patch, w % patch, c,
               n * rowsASample + (h / patch) * (width / patch) + w / patch);
}

void patchify(const Tensor &x, int64_t p, Tensor &result) {
  int64_t vector = result.dim(2); // (c, i, j)
  forEachPixel(x, p, [&](auto at, auto i, auto j, auto c, auto row) {
    result.values[row * vector + (c * p + i) * p + j] = x.values[at];
  });
}

void unpatchify(const Tensor &x, int64_t p, Tensor &result) {
  int64_t vector = x.dim(2), channels = result.dim(1); // (i, j, c)
  forEachPixel(result, p, [&](auto at, auto i, auto j, auto c, auto row) {
    result.values[at] = x.values[row * vector + (i * p + j) * channels + c];
  });
}

/// Elements of one index of dimension `dim`: the product of the dimensions
/// after it.
static int64_t elementsAfter(const Tensor &x, int64_t dim) {
  int64_t count = 1;
  for (int64_t size : ArrayRef(x.shape).drop_front(dim + 1))
    count *= size;
  return count;
}

void slice(const Tensor &x, int64_t dim, int64_t offset, Tensor &result) {
  int64_t inner = elementsAfter(x, dim);
  int64_t from = x.dim(dim) * inner, to = result.dim(dim) * inner;
  for (int64_t outer = 0; outer * to < result.size(); ++outer)
    std::copy_n(x.values.begin() + outer * from + offset * inner, to,
                result.values.begin() + outer * to);
}

void concat(ArrayRef<const Tensor *> xs, int64_t dim, Tensor &result) {
  int64_t inner = elementsAfter(result, dim), to = result.dim(dim) * inner;
  int64_t at = 0;
  for (const Tensor *x : xs) {
    int64_t from = x->dim(dim) * inner;
    for (int64_t outer = 0; outer * to < result.size(); ++outer)
      std::copy_n(x->values.begin() + outer * from, from,
                  result.values.begin() + outer * to + at);
    at += from;
  }
}

void pack(const Tensor &w, LayoutAttr layout, Tensor &result) {
  if (!layout) {
    result.values = w.values;
    return;
  }
  int64_t features = w.dim(0), inputs = w.dim(1);
  for (int64_t m = 0; m < features; ++m)
    for (int64_t k = 0; k < inputs; ++k)
      result.values[layout.packedIndex(m, k, inputs)] =
          w.values[m * inputs + k];
}

/// To nearest even, into a format with `precision` significant bits, the
/// smallest normal 2^minExponent and the largest value below 2^(maxExponent +
/// 1).
static double roundTo(double x, int precision, int minExponent,
                      int maxExponent) {
  if (x == 0 || !std::isfinite(x))
    return x;
  int exponent = std::max(std::ilogb(x), minExponent);
  double quantum = std::ldexp(1.0, exponent - (precision - 1));
  double rounded = std::nearbyint(x / quantum) * quantum;
  if (std::fabs(rounded) >= std::ldexp(1.0, maxExponent + 1))
    return std::copysign(INFINITY, x);
  return rounded;
}

static double toBf16(double x) { return roundTo(x, 8, -126, 127); }

/// To 10 bits of mantissa, ties away from zero, as cvt.rna does.
static double toTf32(double x) {
  if (x == 0 || !std::isfinite(x))
    return x;
  double quantum = std::ldexp(1.0, std::max(std::ilogb(x), -126) - 10);
  return std::round(x / quantum) * quantum;
}

double rounded(double x, Multiply as) {
  switch (as) {
  case Multiply::F32:
    return x;
  case Multiply::TF32:
    return toTf32(x);
  case Multiply::BF16:
    return toBf16(x);
  }
  return x;
}

void cast(const Tensor &x, Tensor &result) {
  mlir::Type type = result.elementType;
  for (int64_t i = 0; i < x.size(); ++i) {
    double v = x.values[i];
    result.values[i] = type.isF32()    ? double(float(v))
                       : type.isBF16() ? toBf16(v)
                       : type.isF16()  ? roundTo(v, 11, -14, 15)
                                       : v;
  }
}

} // namespace dit::semantics
