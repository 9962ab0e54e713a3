// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Instructions of sm_80 and later, one function each, named as PTX names them.
// Only included by dit_device.h; test/simt/executor/simt_device.h declares the
// same functions for the host.
#ifndef DIT_PTX_H
#define DIT_PTX_H

namespace dit::device {

/// The address that instructions on shared memory take.
DIT_INLINE unsigned shared_address(const void *p) {
  return (unsigned)__cvta_generic_to_shared(p);
}

/// Two floats rounded to bf16, `low` in the lower half.
DIT_INLINE unsigned pack_bf16x2(float low, float high) {
  unsigned r;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(r) : "f"(high), "f"(low));
  return r;
}

/// 2^x, 2 ulp; denormals are flushed.
DIT_INLINE float ex2(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

/// 1 / x, 1 ulp; denormals are flushed. A division that is right to the last
/// bit is a dozen instructions and a branch to more.
DIT_INLINE float rcp(float x) {
  float y;
  asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

/// Barrier `id` (1 to 15; 0 is __syncthreads) for `threads`, a multiple of 32.
DIT_INLINE void barrier_sync(int id, int threads) {
  asm volatile("barrier.sync %0, %1;" ::"r"(id), "r"(threads) : "memory");
}
DIT_INLINE void barrier_arrive(int id, int threads) {
  asm volatile("barrier.arrive %0, %1;" ::"r"(id), "r"(threads) : "memory");
}

/// 16 bytes from global to shared memory, zeros where not `valid` (then
/// `global` is not read, but must still be an address of global memory).
DIT_INLINE void cp_async16(void *shared, const void *global, bool valid) {
  const int bytes = valid ? 16 : 0;
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(
                   shared_address(shared)),
               "l"(global), "r"(bytes)
               : "memory");
}
DIT_INLINE void cp_async_commit() {
  asm volatile("cp.async.commit_group;" ::: "memory");
}
/// Until at most `kPending` of this thread's groups are in flight.
template <int kPending> DIT_INLINE void cp_async_wait() {
  asm volatile("cp.async.wait_group %0;" ::"n"(kPending) : "memory");
}

/// Four 8x8 matrices of 16-bit elements; lane l gives the address of row l % 8
/// of matrix l / 8, and gets elements (l / 4, l % 4 * 2 and the next) of each.
DIT_INLINE void ldmatrix_x4(unsigned (&r)[4], const void *row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(shared_address(row))
               : "memory");
}
/// The same, each matrix transposed.
DIT_INLINE void ldmatrix_x4_trans(unsigned (&r)[4], const void *row) {
  asm volatile(
      "ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
      : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
      : "r"(shared_address(row))
      : "memory");
}

/// d (16, 8) += a (16, 16) b (16, 8), float32 += bf16 bf16.
DIT_INLINE void mma_m16n8k16_bf16(float (&d)[4], const unsigned (&a)[4],
                                  unsigned b0, unsigned b1) {
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
               "{%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
               : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

/// The bits of `x` rounded to tf32: 10 bits of mantissa, ties away from zero.
DIT_INLINE unsigned to_tf32(float x) {
  unsigned r;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(r) : "f"(x));
  return r;
}
/// d (16, 8) += a (16, 8) b (8, 8), float32 += tf32 tf32.
DIT_INLINE void mma_m16n8k8_tf32(float (&d)[4], const unsigned (&a)[4],
                                 unsigned b0, unsigned b1) {
  asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 "
               "{%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
               : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

/// A counter in global memory that blocks of one persistent kernel signal
/// through: what was written before the add is seen after the wait.
DIT_INLINE void flag_add_release(int *flag, int value) {
  asm volatile("red.release.gpu.global.add.s32 [%0], %1;" ::"l"(flag),
               "r"(value)
               : "memory");
}
DIT_INLINE void flag_wait_at_least(const int *flag, int value) {
  int seen;
  do
    asm volatile("ld.acquire.gpu.global.s32 %0, [%1];"
                 : "=r"(seen)
                 : "l"(flag)
                 : "memory");
  while (seen < value);
}

} // namespace dit::device

#endif // DIT_PTX_H
