// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What kernels that compute single elements are printed in, and rows that do
// not lie as row.h wants them.
#ifndef DIT_ELEMENTS_H
#define DIT_ELEMENTS_H

#include "row.h"

namespace dit {

/// dit.cast to bf16 and back, where the rounded value is used further.
DIT_INLINE float roundToBf16(float x) { return toFloat(toBf16(x)); }
DIT_INLINE float2 roundToBf16(float2 v) {
  return make_float2(roundToBf16(v.x), roundToBf16(v.y));
}
DIT_INLINE float4 roundToBf16(float4 v) {
  return make_float4(roundToBf16(v.x), roundToBf16(v.y), roundToBf16(v.z),
                     roundToBf16(v.w));
}

/// An epilogue of single elements, for sums that come in pairs. It is given the
/// pair's other sum too.
template <class Epilogue>
DIT_INLINE auto oneByOne(int columns, Epilogue epilogue) {
  return [=](int m, int n, float2 sums) {
    epilogue(m, n, sums.x, sums.y);
    if (n + 1 < columns)
      epilogue(m, n + 1, sums.y, sums.x);
  };
}

/// Of a pair the one at `column`, turned as the pair is; `other` stands beside
/// it, and angles begin anywhere.
template <int Features, int Head, class T>
DIT_INLINE float rotate(float x, float other, const T *angles, int column) {
  const int at = column % Head;
  const float cosine = toFloat(angles[at & ~1]), sine = toFloat(angles[at | 1]);
  const float beside = at & 1 ? other : -other;
  return column < Features ? x * cosine + beside * sine : x;
}
/// As rotate, of a token that one warp holds in chunks of any size.
template <int Features, int Head, int D, class T>
DIT_INLINE Row<D> rotateAnywhere(const Row<D> &row, const T *angles) {
  Row<D> turned;
  DIT_FOR (int i = 0; i < Row<D>::kRounds; ++i)
    DIT_FOR (int k = 0; k < Row<D>::kChunk; ++k) {
      const float x = row.v[i][k];
      float other;
      if constexpr (Row<D>::kChunk == 1) // the pair is two lanes'
        other = __shfl_xor_sync(0xffffffffu, x, 1);
      else
        other = row.v[i][k ^ 1];
      turned.v[i][k] = rotate<Features, Head>(
          x, other, angles, Row<D>::chunk(i) * Row<D>::kChunk + k);
    }
  return turned;
}

/// A label that is not one reads the null class: the table's last row.
DIT_INLINE int labelRow(int y, int last) {
  return y >= 0 && y < last ? y : last;
}

/// The row of a timestep in a table of all: the nearest whole number's, half to
/// even, or the table's first or last.
DIT_INLINE int timestepRow(float t, int last) {
  return t > 0.f ? (int)fminf(rintf(t), (float)last) : 0;
}

/// As load, of a token that starts at any element.
template <int D, class T> DIT_INLINE Row<D> loadAnywhere(const T *p) {
  Row<D> row;
  forEach(row, [](float &x) { x = 0.f; });
  DIT_FOR (int i = 0; i < Row<D>::kRounds; ++i)
    if (Row<D>::held(i))
      DIT_FOR (int k = 0; k < Row<D>::kChunk; ++k)
        row.v[i][k] = toFloat(p[Row<D>::chunk(i) * Row<D>::kChunk + k]);
  return row;
}
template <int D, class T>
DIT_INLINE void storeAnywhere(T *p, const Row<D> &row) {
  DIT_FOR (int i = 0; i < Row<D>::kRounds; ++i)
    if (Row<D>::held(i))
      DIT_FOR (int k = 0; k < Row<D>::kChunk; ++k)
        store1(p + Row<D>::chunk(i) * Row<D>::kChunk + k, row.v[i][k]);
}

/// Element d of [cos(t f) | sin(t f)], f_i = max_period^(-i / (Dim/2 - shift));
/// f and t f are rounded to float32, as published.
template <int Dim>
DIT_INLINE float timestep_embedding(float t, int d, double max_period,
                                    int shift) {
  constexpr int kHalf = Dim / 2;
  const int i = d % kHalf;
  const float f = (float)exp(-log(max_period) * i / (kHalf - shift));
  return d < kHalf ? cosf(t * f) : sinf(t * f);
}

/// Element d of token (h, w): [sin(w omega) | cos(w omega) | sin(h omega) |
/// cos(h omega)], omega_j = 10000^(-j / (Dim/4)), in float64. h and w are whole
/// numbers unless the grid is another one than was trained.
template <int Dim> DIT_INLINE float sincos_position(double h, double w, int d) {
  constexpr int kQuarter = Dim / 4;
  const int part = d / kQuarter, j = d % kQuarter;
  const double at = (part < 2 ? w : h) * pow(10000., -(double)j / kQuarter);
  return (float)(part % 2 ? cos(at) : sin(at));
}

/// Element d of the angles of token (h, w), cosine beside sine: h omega_i for
/// the first half of a head's pairs, then w omega_i, omega_i = theta^(-i /
/// (Dim/4)), in float64.
template <int Dim>
DIT_INLINE float rotary_position(double h, double w, int d, double theta) {
  constexpr int kQuarter = Dim / 4;
  const int i = d / 2;
  const double at =
      (i < kQuarter ? h : w) * pow(theta, -(double)(i % kQuarter) / kQuarter);
  return (float)(d % 2 ? sin(at) : cos(at));
}

} // namespace dit

#endif // DIT_ELEMENTS_H
