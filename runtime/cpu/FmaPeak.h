// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How many multiply-adds this machine does a second, here and now.
#ifndef DIT_RUNTIME_CPU_FMAPEAK_H
#define DIT_RUNTIME_CPU_FMAPEAK_H

#include "runtime/cpu/ThreadPool.h"

namespace dit::runtime {

/// GFLOP/s (two a multiply-add) of independent vector FMAs from registers on
/// all threads of `pool`, measured for about `seconds`; of the widest vectors
/// the CPU has. `bf16`: of products of bfloat16 added to float32. 0 where it
/// has no such instruction.
double measureFmaPeak(ThreadPool &pool, double seconds, bool bf16 = false);

} // namespace dit::runtime

#endif // DIT_RUNTIME_CPU_FMAPEAK_H
