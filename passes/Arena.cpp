// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// First fit over several orders, then a seeded search over orders: the first
// order nearly always does, and an unlucky graph costs milliseconds.
#include "passes/Arena.h"

#include "llvm/ADT/STLExtras.h"
#include <numeric>
#include <random>

using namespace llvm;

namespace dit {
namespace {

bool meet(const Life &a, const Life &b) { return a.first <= b.last && b.first <= a.last; }

int64_t largestSum(ArrayRef<Life> lives) {
  int64_t largest = 0;
  // The sum only grows where a life begins.
  for (const Life &at : lives) {
    int64_t sum = 0;
    for (const Life &life : lives)
      if (life.first <= at.first && at.first <= life.last)
        sum += life.bytes;
    largest = std::max(largest, sum);
  }
  return largest;
}

/// Each buffer, in `order`, in the lowest gap that holds it.
ArenaPlan firstFit(ArrayRef<Life> lives, ArrayRef<unsigned> order) {
  ArenaPlan plan;
  plan.offsets.assign(lives.size(), 0);
  SmallVector<unsigned> placed; // by offset
  for (unsigned index : order) {
    int64_t offset = 0;
    for (unsigned other : placed)
      if (meet(lives[index], lives[other])) {
        if (offset + lives[index].bytes <= plan.offsets[other])
          break;
        offset = std::max(offset, plan.offsets[other] + lives[other].bytes);
      }
    plan.offsets[index] = offset;
    plan.bytes = std::max(plan.bytes, offset + lives[index].bytes);
    placed.insert(llvm::upper_bound(placed, index,
                                    [&](unsigned a, unsigned b) {
                                      return plan.offsets[a] < plan.offsets[b];
                                    }),
                  index);
  }
  return plan;
}

} // namespace

ArenaPlan planArena(ArrayRef<Life> lives) {
  int64_t live = largestSum(lives);
  SmallVector<unsigned> order(lives.size());
  ArenaPlan best;
  best.bytes = INT64_MAX;
  SmallVector<unsigned> bestOrder;
  auto attempt = [&] {
    ArenaPlan plan = firstFit(lives, order);
    bool better = plan.bytes < best.bytes;
    if (better)
      best = std::move(plan), bestOrder = order;
    return better;
  };
  auto attemptBy = [&](auto key) {
    std::iota(order.begin(), order.end(), 0u);
    llvm::sort(order, [&](unsigned a, unsigned b) {
      return std::make_pair(key(lives[b]), a) < std::make_pair(key(lives[a]), b);
    });
    attempt();
  };
  attemptBy([](const Life &life) { return life.bytes; });
  attemptBy([](const Life &life) { return life.last - life.first; });
  attemptBy([](const Life &life) { return life.bytes * (life.last - life.first + 1); });
  attemptBy([](const Life &life) { return -life.first; });

  // Swaps in the best order, kept when they help; seeded, so that a module
  // always compiles to the same plan.
  std::mt19937 random(1);
  for (int tries = 0; tries < 2000 && best.bytes * 10 > live * 11; ++tries) {
    order = bestOrder;
    for (int swaps = 1 + random() % 3; swaps > 0; --swaps)
      std::swap(order[random() % order.size()], order[random() % order.size()]);
    attempt();
  }
  if (lives.empty())
    best.bytes = 0;
  best.liveBytes = live;
  return best;
}

} // namespace dit
