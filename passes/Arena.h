// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Placing buffers with known lives in one arena; knows nothing of IR.
#ifndef DIT_PASSES_ARENA_H
#define DIT_PASSES_ARENA_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include <cstdint>

namespace dit {

/// A buffer that is alive from step `first` to step `last`, both included.
struct Life {
  int64_t first, last;
  int64_t bytes;
};

struct ArenaPlan {
  llvm::SmallVector<int64_t> offsets; // one a life
  int64_t bytes = 0;                  // the arena
  int64_t liveBytes = 0; // the largest sum of live bytes: no plan is smaller
};

/// Offsets such that lives that meet do not overlap: with `liveBytes` in all
/// where a bounded search finds that, else the best it found. Sizes that are
/// multiples of a number give offsets that are.
ArenaPlan planArena(llvm::ArrayRef<Life> lives);

} // namespace dit

#endif // DIT_PASSES_ARENA_H
