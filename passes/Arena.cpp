// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// First fit in order of priority, repeated: a life that ends above the lower
// bound gets a higher priority or the other end of the arena, until none does.
// The chains of a transformer meet the bound after a few dozen rounds.
#include "passes/Arena.h"

#include "llvm/ADT/STLExtras.h"
#include <numeric>
#include <random>

using namespace llvm;

namespace dit {
namespace {

/// Rounds without meeting the bound, and rounds to get to 1.1 times the bound.
constexpr int kRounds = 400, kMoreRounds = 4000;

struct Candidate {
  double priority;
  bool fromTop; // takes the highest gap, not the lowest
};

bool meet(const Life &a, const Life &b) {
  return a.first <= b.last && b.first <= a.last;
}

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

/// The lowest or highest offset for `life` among `placed`, which are in order
/// of their offsets. Above `ceiling` only when there is no gap below it.
int64_t findGap(ArrayRef<Life> lives, ArrayRef<unsigned> placed,
                ArrayRef<int64_t> offsets, const Life &life, bool fromTop,
                int64_t ceiling) {
  int64_t found = -1, end = 0;
  for (unsigned other : placed) {
    if (!meet(life, lives[other]))
      continue;
    if (end + life.bytes <= offsets[other]) {
      if (!fromTop)
        return end;
      found = offsets[other] - life.bytes;
    }
    end = std::max(end, offsets[other] + lives[other].bytes);
  }
  if (fromTop && end + life.bytes <= ceiling)
    return ceiling - life.bytes;
  return found < 0 ? end : found;
}

ArenaPlan placeAll(ArrayRef<Life> lives, ArrayRef<Candidate> candidates,
                   int64_t ceiling) {
  SmallVector<unsigned> order(lives.size());
  std::iota(order.begin(), order.end(), 0u);
  llvm::sort(order, [&](unsigned a, unsigned b) {
    return std::make_pair(-candidates[a].priority, a) <
           std::make_pair(-candidates[b].priority, b);
  });
  ArenaPlan plan;
  plan.offsets.assign(lives.size(), 0);
  SmallVector<unsigned> placed; // by offset
  for (unsigned index : order) {
    const Life &life = lives[index];
    plan.offsets[index] = findGap(lives, placed, plan.offsets, life,
                                  candidates[index].fromTop, ceiling);
    plan.bytes = std::max(plan.bytes, plan.offsets[index] + life.bytes);
    auto byOffset = [&](unsigned a, unsigned b) {
      return plan.offsets[a] < plan.offsets[b];
    };
    placed.insert(llvm::upper_bound(placed, index, byOffset), index);
  }
  return plan;
}

} // namespace

ArenaPlan planArena(ArrayRef<Life> lives) {
  int64_t live = largestSum(lives);
  SmallVector<Candidate> candidates;
  for (const Life &life : lives)
    candidates.push_back({double(life.bytes) / live, false});
  ArenaPlan best = placeAll(lives, candidates, live);
  ArenaPlan plan = best;
  // Seeded, so that a module always compiles to the same plan.
  std::mt19937 random(1);
  for (int round = 0; best.bytes > live; ++round) {
    if (round >= kMoreRounds ||
        (round >= kRounds && best.bytes * 10 <= live * 11))
      break;
    for (auto [index, life] : llvm::enumerate(lives))
      if (plan.offsets[index] + life.bytes > live) {
        candidates[index].priority += 0.2 * (random() % 100) / 100;
        candidates[index].fromTop ^= random() % 3 == 0;
      }
    plan = placeAll(lives, candidates, live);
    if (plan.bytes < best.bytes)
      best = plan;
  }
  best.liveBytes = live;
  return best;
}

} // namespace dit
