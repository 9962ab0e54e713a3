// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A token held by one warp in registers: the vocabulary that row kernels are
// printed in, so that a kernel's body is its region's formula.
#ifndef DIT_ROW_H
#define DIT_ROW_H

#include "dit_device.h"

namespace dit {

/// The D features of a token, in chunks that are loaded at once: lane l holds
/// the chunks l, l + 32, ... A lane that holds none in the last round computes
/// on what its registers have; only loads, stores and sums look at `held`.
template <int D> struct Row {
  static constexpr int kChunk = D % 8 == 0   ? 8
                                : D % 4 == 0 ? 4
                                : D % 2 == 0 ? 2
                                             : 1;
  static constexpr int kChunks = D / kChunk;
  static constexpr int kRounds = (kChunks + 31) / 32;

  float v[kRounds][kChunk];

  static DIT_INLINE int chunk(int round) {
    return (threadIdx.x & 31) + 32 * round;
  }
  static DIT_INLINE bool held(int round) { return chunk(round) < kChunks; }
};

/// The same for every chunk and element of it: `f(float &)`.
template <int D, class F> DIT_INLINE void forEach(Row<D> &row, F f) {
  DIT_FOR (int i = 0; i < Row<D>::kRounds; ++i)
    DIT_FOR (int k = 0; k < Row<D>::kChunk; ++k)
      f(row.v[i][k]);
}

template <int D, class F> DIT_INLINE Row<D> map(Row<D> row, F f) {
  forEach(row, [&](float &x) { x = f(x); });
  return row;
}

template <int D, class F>
DIT_INLINE Row<D> zip(Row<D> a, const Row<D> &b, F f) {
  DIT_FOR (int i = 0; i < Row<D>::kRounds; ++i)
    DIT_FOR (int k = 0; k < Row<D>::kChunk; ++k)
      a.v[i][k] = f(a.v[i][k], b.v[i][k]);
  return a;
}

// Chunks in memory: one or two vector accesses each.
template <int N> struct Chunk;
template <> struct Chunk<8> {
  static DIT_INLINE void load(float (&v)[8], const float *p) {
    const float4 a = reinterpret_cast<const float4 *>(p)[0];
    const float4 b = reinterpret_cast<const float4 *>(p)[1];
    v[0] = a.x, v[1] = a.y, v[2] = a.z, v[3] = a.w;
    v[4] = b.x, v[5] = b.y, v[6] = b.z, v[7] = b.w;
  }
  static DIT_INLINE void store(float *p, const float (&v)[8]) {
    reinterpret_cast<float4 *>(p)[0] = make_float4(v[0], v[1], v[2], v[3]);
    reinterpret_cast<float4 *>(p)[1] = make_float4(v[4], v[5], v[6], v[7]);
  }
  static DIT_INLINE void load(float (&v)[8], const bf16 *p) {
    const uint4 u = *reinterpret_cast<const uint4 *>(p);
    const unsigned pair[4] = {u.x, u.y, u.z, u.w};
    DIT_FOR (int k = 0; k < 4; ++k) {
      v[2 * k] = __uint_as_float(pair[k] << 16);
      v[2 * k + 1] = __uint_as_float(pair[k] & 0xffff0000u);
    }
  }
  static DIT_INLINE void store(bf16 *p, const float (&v)[8]) {
    *reinterpret_cast<uint4 *>(p) = make_uint4(
        device::pack_bf16x2(v[0], v[1]), device::pack_bf16x2(v[2], v[3]),
        device::pack_bf16x2(v[4], v[5]), device::pack_bf16x2(v[6], v[7]));
  }
};
template <> struct Chunk<4> {
  template <class T> static DIT_INLINE void load(float (&v)[4], const T *p) {
    const float4 a = load4(p);
    v[0] = a.x, v[1] = a.y, v[2] = a.z, v[3] = a.w;
  }
  template <class T> static DIT_INLINE void store(T *p, const float (&v)[4]) {
    store4(p, make_float4(v[0], v[1], v[2], v[3]));
  }
};
template <> struct Chunk<2> {
  template <class T> static DIT_INLINE void load(float (&v)[2], const T *p) {
    const float2 a = load2(p);
    v[0] = a.x, v[1] = a.y;
  }
  template <class T> static DIT_INLINE void store(T *p, const float (&v)[2]) {
    store2(p, make_float2(v[0], v[1]));
  }
};
template <> struct Chunk<1> {
  template <class T> static DIT_INLINE void load(float (&v)[1], const T *p) {
    v[0] = toFloat(*p);
  }
  template <class T> static DIT_INLINE void store(T *p, const float (&v)[1]) {
    store1(p, v[0]);
  }
};

/// A token's D features at `p`, aligned as a chunk is.
template <int D, class T> DIT_INLINE Row<D> load(const T *p) {
  Row<D> row;
  forEach(row, [](float &x) { x = 0.f; });
  DIT_FOR (int i = 0; i < Row<D>::kRounds; ++i)
    if (Row<D>::held(i))
      Chunk<Row<D>::kChunk>::load(row.v[i],
                                  p + Row<D>::chunk(i) * Row<D>::kChunk);
  return row;
}

/// Rounds where T is bf16.
template <int D, class T> DIT_INLINE void store(T *p, const Row<D> &row) {
  DIT_FOR (int i = 0; i < Row<D>::kRounds; ++i)
    if (Row<D>::held(i))
      Chunk<Row<D>::kChunk>::store(p + Row<D>::chunk(i) * Row<D>::kChunk,
                                   row.v[i]);
}

#define DIT_ROW_OPERATOR(op)                                                   \
  template <int D>                                                             \
  DIT_INLINE Row<D> operator op(const Row<D> &a, const Row<D> &b) {            \
    return zip(a, b, [](float x, float y) { return x op y; });                 \
  }                                                                            \
  template <int D> DIT_INLINE Row<D> operator op(const Row<D> &a, float b) {   \
    return map(a, [=](float x) { return x op b; });                            \
  }                                                                            \
  template <int D> DIT_INLINE Row<D> operator op(float a, const Row<D> &b) {   \
    return map(b, [=](float x) { return a op x; });                            \
  }
DIT_ROW_OPERATOR(+)
DIT_ROW_OPERATOR(-)
DIT_ROW_OPERATOR(*)
#undef DIT_ROW_OPERATOR

DIT_INLINE float warpSum(float x) {
  DIT_FOR (int lanes = 16; lanes; lanes /= 2)
    x += __shfl_xor_sync(0xffffffffu, x, lanes);
  return x;
}

/// Sum over the token of f(x); every lane gets it.
template <int D, class F> DIT_INLINE float sum(const Row<D> &row, F f) {
  float s = 0.f;
  DIT_FOR (int i = 0; i < Row<D>::kRounds; ++i)
    if (Row<D>::held(i))
      DIT_FOR (int k = 0; k < Row<D>::kChunk; ++k)
        s += f(row.v[i][k]);
  return warpSum(s);
}

/// (x - mean) / sqrt(variance + eps); biased variance, in two passes.
template <int D> DIT_INLINE Row<D> layer_norm(const Row<D> &row, float eps) {
  const float mean = sum(row, [](float x) { return x; }) * (1.f / D);
  const Row<D> centred = row - mean;
  const float variance =
      sum(centred, [](float x) { return x * x; }) * (1.f / D);
  return centred * rsqrtf(variance + eps);
}

/// x / sqrt(mean(x^2) + eps)
template <int D> DIT_INLINE Row<D> rms_norm(const Row<D> &row, float eps) {
  const float square = sum(row, [](float x) { return x * x; }) * (1.f / D);
  return row * rsqrtf(square + eps);
}

template <int D> DIT_INLINE Row<D> silu(const Row<D> &row) {
  return map(row, [](float x) { return silu(x); });
}
template <int D> DIT_INLINE Row<D> gelu_tanh(const Row<D> &row) {
  return map(row, [](float x) { return gelu_tanh(x); });
}
template <int D> DIT_INLINE Row<D> gelu_erf(const Row<D> &row) {
  return map(row, [](float x) { return gelu_erf(x); });
}
/// dit.cast to bf16 and back, where the rounded value is used further.
template <int D> DIT_INLINE Row<D> roundToBf16(const Row<D> &row) {
  return map(row, [](float x) { return toFloat(toBf16(x)); });
}

/// The same of a token that one warp holds, `angles` aligned as its chunks are.
template <int Features, int Head, int D, class T>
DIT_INLINE Row<D> rotate(Row<D> row, const T *angles) {
  constexpr int kStep =
      Row<D>::kChunk < Row<Head>::kChunk ? Row<D>::kChunk : Row<Head>::kChunk;
  static_assert(kStep > 1 && Features % Head == 0);
  DIT_FOR (int i = 0; i < Row<D>::kRounds; ++i)
    DIT_FOR (int k = 0; k < Row<D>::kChunk; k += kStep) {
      const int column = Row<D>::chunk(i) * Row<D>::kChunk + k;
      float turn[kStep];
      Chunk<kStep>::load(turn, angles + column % Head);
      DIT_FOR (int e = 0; e < kStep; e += 2) {
        float &x = row.v[i][k + e], &y = row.v[i][k + e + 1];
        const float2 pair =
            turned(make_float2(x, y), make_float2(turn[e], turn[e + 1]));
        x = column < Features ? pair.x : x;
        y = column < Features ? pair.y : y;
      }
    }
  return row;
}

} // namespace dit

#endif // DIT_ROW_H
