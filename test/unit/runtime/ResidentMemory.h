// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How much of a model's weights is in memory at a time.
#ifndef DIT_TEST_UNIT_RUNTIME_RESIDENTMEMORY_H
#define DIT_TEST_UNIT_RUNTIME_RESIDENTMEMORY_H

#include "runtime/Weights.h"

namespace dit::runtime::test {

/// Reads and releases `count` tensors of `elements` zeros one after the other;
/// the most bytes that this process had in memory meanwhile, above what it had
/// before.
int64_t mostBytesWhileReading(WeightSource &weights, int32_t count,
                              int64_t elements);

} // namespace dit::runtime::test

#endif // DIT_TEST_UNIT_RUNTIME_RESIDENTMEMORY_H
