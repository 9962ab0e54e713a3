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

/// A label that is not one reads the null class: the table's last row.
DIT_INLINE int labelRow(int y, int last) {
  return y >= 0 && y < last ? y : last;
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

} // namespace dit

#endif // DIT_ELEMENTS_H
