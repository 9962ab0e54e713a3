// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The primitives that every emitted kernel is written in. Compiled for a GPU
// (nvcc, NVRTC, clang -x cuda) they are inline PTX; with DIT_SIMT defined the
// same names come from test/simt/executor, which runs a kernel on the host.
// Needs no header of the CUDA toolkit, so that NVRTC alone can compile it.
#ifndef DIT_DEVICE_H
#define DIT_DEVICE_H

#ifdef DIT_SIMT
#include "simt_device.h"
#else
#define DIT_INLINE __device__ __forceinline__
/// A loop that is unrolled: its variable indexes registers.
#define DIT_FOR(...) _Pragma("unroll") for (__VA_ARGS__)
/// A loop that is unrolled four times only: more would not fit into registers.
#define DIT_FOR_BY_4(...) _Pragma("unroll 4") for (__VA_ARGS__)
/// The block's shared memory, all of it: sizes are the launch's.
#define DIT_SHARED(name) extern __shared__ __align__(1024) unsigned char name[]
#define DIT_CLUSTER(x, y, z) __cluster_dims__(x, y, z)
#include "ptx.h"
#include "ptx_sm90.h"
#endif

namespace dit {

/// The upper half of a float. Arithmetic is done on floats; this is storage.
struct bf16 {
  unsigned short bits;
};

DIT_INLINE float toFloat(float x) { return x; }
DIT_INLINE float toFloat(bf16 x) {
  return __uint_as_float((unsigned)x.bits << 16);
}

/// Rounds to the nearest, ties to even.
DIT_INLINE bf16 toBf16(float x) {
  return {(unsigned short)device::pack_bf16x2(x, 0.f)};
}

DIT_INLINE void store1(float *p, float x) { *p = x; }
DIT_INLINE void store1(bf16 *p, float x) { *p = toBf16(x); }

DIT_INLINE float2 operator+(float2 a, float2 b) {
  return make_float2(a.x + b.x, a.y + b.y);
}
DIT_INLINE float2 operator*(float2 a, float2 b) {
  return make_float2(a.x * b.x, a.y * b.y);
}

DIT_INLINE float4 operator+(float4 a, float4 b) {
  return make_float4(a.x + b.x, a.y + b.y, a.z + b.z, a.w + b.w);
}
DIT_INLINE float4 operator*(float4 a, float4 b) {
  return make_float4(a.x * b.x, a.y * b.y, a.z * b.z, a.w * b.w);
}

/// Two neighbours at once: what an mma accumulator holds. `p` is at an even
/// element.
DIT_INLINE float2 load2(const float *p) {
  return *reinterpret_cast<const float2 *>(p);
}
DIT_INLINE float2 load2(const bf16 *p) {
  const unsigned u = *reinterpret_cast<const unsigned *>(p);
  return make_float2(__uint_as_float(u << 16),
                     __uint_as_float(u & 0xffff0000u));
}
DIT_INLINE void store2(float *p, float2 v) {
  *reinterpret_cast<float2 *>(p) = v;
}
DIT_INLINE void store2(bf16 *p, float2 v) {
  *reinterpret_cast<unsigned *>(p) = device::pack_bf16x2(v.x, v.y);
}

/// Four neighbours, `p` at a multiple of four elements.
DIT_INLINE float4 load4(const float *p) {
  return *reinterpret_cast<const float4 *>(p);
}
DIT_INLINE float4 load4(const bf16 *p) {
  const uint2 u = *reinterpret_cast<const uint2 *>(p);
  return make_float4(
      __uint_as_float(u.x << 16), __uint_as_float(u.x & 0xffff0000u),
      __uint_as_float(u.y << 16), __uint_as_float(u.y & 0xffff0000u));
}
DIT_INLINE void store4(float *p, float4 v) {
  *reinterpret_cast<float4 *>(p) = v;
}
DIT_INLINE void store4(bf16 *p, float4 v) {
  *reinterpret_cast<uint2 *>(p) =
      make_uint2(device::pack_bf16x2(v.x, v.y), device::pack_bf16x2(v.z, v.w));
}

/// Describes a wgmma's operand whose rows are 64 bf16 (128 bytes), as TMA
/// stores it with the 128-byte swizzle: groups of 8 rows, 1024 bytes apart. The
/// next 16 of a row are 32 bytes on: 2 more in the descriptor.
DIT_INLINE unsigned long long swizzledOperand(const void *p) {
  const unsigned long long address = device::shared_address(p) & 0x3ffff;
  const unsigned long long groupBytes = 1024, swizzle128 = 1;
  return address >> 4 | 1ull << 16 | groupBytes >> 4 << 32 | swizzle128 << 62;
}

/// 1 / (1 + 2^-x), by instructions of 2 and 1 ulp: within 4e-7 of itself. By
/// tanh.approx it would be up to 2.5e-4 off however small it is: silu and gelu
/// of a negative x would keep nothing of what bf16 can hold.
DIT_INLINE float sigmoid2(float x) {
  return device::rcp(1.f + device::ex2(-x));
}
/// x * sigmoid(x)
DIT_INLINE float silu(float x) { return x * sigmoid2(1.44269504f * x); }
/// 0.5 x (1 + tanh(u)) = x sigmoid(2 u) with u = sqrt(2/pi) (x + 0.044715 x^3)
DIT_INLINE float gelu_tanh(float x) {
  const float u = 0.797884561f * (x + 0.044715f * x * x * x);
  return x * sigmoid2(2.88539008f * u);
}
DIT_INLINE float gelu_erf(float x) {
  return 0.5f * x * (1.f + erff(0.707106781f * x));
}
DIT_INLINE float2 silu(float2 v) { return make_float2(silu(v.x), silu(v.y)); }
DIT_INLINE float2 gelu_tanh(float2 v) {
  return make_float2(gelu_tanh(v.x), gelu_tanh(v.y));
}
DIT_INLINE float2 gelu_erf(float2 v) {
  return make_float2(gelu_erf(v.x), gelu_erf(v.y));
}
DIT_INLINE float4 silu(float4 v) {
  return make_float4(silu(v.x), silu(v.y), silu(v.z), silu(v.w));
}
DIT_INLINE float4 gelu_tanh(float4 v) {
  return make_float4(gelu_tanh(v.x), gelu_tanh(v.y), gelu_tanh(v.z),
                     gelu_tanh(v.w));
}
DIT_INLINE float4 gelu_erf(float4 v) {
  return make_float4(gelu_erf(v.x), gelu_erf(v.y), gelu_erf(v.z),
                     gelu_erf(v.w));
}

/// A pair turned by an angle, of which `turn` is cosine and sine.
DIT_INLINE float2 turned(float2 x, float2 turn) {
  return make_float2(x.x * turn.x - x.y * turn.y, x.y * turn.x + x.x * turn.y);
}
/// Pairs from feature `column` on, each turned by its own angle if it is among
/// the first Features. `angles` are a token's, Head numbers, of every head.
template <int Features, int Head, class T>
DIT_INLINE float2 rotate(float2 x, const T *angles, int column) {
  const float2 pair = turned(x, load2(angles + column % Head));
  return column < Features ? pair : x;
}
template <int Features, int Head, class T>
DIT_INLINE float4 rotate(float4 x, const T *angles, int column) {
  const float4 turn = load4(angles + column % Head);
  const float2 a = turned(make_float2(x.x, x.y), make_float2(turn.x, turn.y));
  const float2 b = turned(make_float2(x.z, x.w), make_float2(turn.z, turn.w));
  return column < Features ? make_float4(a.x, a.y, b.x, b.y) : x;
}

} // namespace dit

#endif // DIT_DEVICE_H
