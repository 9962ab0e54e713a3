// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/sampling/SampleGroups.h"

#include <algorithm>
#include <set>

namespace dit::runtime {

static int32_t nullLabel(const SamplingPlan &plan) {
  return static_cast<int32_t>(plan.manifest().classes);
}

/// The labels that `batch` adds to `group`, the null label first when guided.
static void addBatch(SampleGroup &group, const SampleBatch &batch,
                     const SamplingPlan &plan) {
  auto add = [&](int32_t label) {
    group.slotOf.try_emplace(label, static_cast<int32_t>(group.slotOf.size()));
  };
  if (!plan.guidance().isNone())
    add(nullLabel(plan));
  for (int64_t n = batch.first; n < batch.first + batch.count; ++n)
    add(plan.request().labels[n]);
  group.batches.push_back(batch);
}

std::vector<SampleGroup> makeGroups(const SamplingPlan &plan,
                                    const Manifest &manifest) {
  const int64_t rowBytes = std::max<int64_t>(1, manifest.rowFloats() * 4);
  const int64_t limit = plan.request().conditionBytes;
  std::vector<SampleGroup> groups;
  for (int64_t first = 0; first < plan.samples(); first += plan.batch()) {
    SampleBatch batch{first, std::min(plan.batch(), plan.samples() - first)};
    if (!groups.empty()) {
      SampleGroup grown = groups.back();
      addBatch(grown, batch, plan);
      if (grown.slots() <= limit / rowBytes) {
        groups.back() = std::move(grown);
        continue;
      }
    }
    addBatch(groups.emplace_back(), batch, plan);
  }
  for (SampleGroup &group : groups) {
    int64_t stepBytes = group.slots() * rowBytes;
    group.stepsInTable =
        std::clamp<int64_t>(limit / stepBytes, 1, plan.evaluations());
    group.tableBytes = group.stepsInTable * stepBytes;
  }
  return groups;
}

int64_t tableBytes(const std::vector<SampleGroup> &groups) {
  int64_t most = 0;
  for (const SampleGroup &group : groups)
    most = std::max(most, group.tableBytes);
  return most;
}

std::vector<int64_t> batchSizes(const std::vector<SampleGroup> &groups) {
  std::set<int64_t> sizes;
  for (const SampleGroup &group : groups)
    for (const SampleBatch &batch : group.batches)
      sizes.insert(batch.count);
  return {sizes.begin(), sizes.end()};
}

ConditionInputs conditionInputs(const SamplingPlan &plan,
                                const SampleGroup &group, int64_t first,
                                int64_t count) {
  std::vector<int32_t> labels(group.slotOf.size());
  for (auto [label, slot] : group.slotOf)
    labels[slot] = label;
  ConditionInputs inputs;
  for (int64_t i = first; i < first + count; ++i) {
    inputs.t.insert(inputs.t.end(), labels.size(), plan.sampler().times[i]);
    inputs.y.insert(inputs.y.end(), labels.begin(), labels.end());
  }
  return inputs;
}

void appendTableRows(const SamplingPlan &plan, const SampleGroup &group,
                     const SampleBatch &batch, int64_t evaluation,
                     int64_t tableBegin, std::vector<int32_t> &rows) {
  auto base = static_cast<int32_t>((evaluation - tableBegin) * group.slots());
  for (int64_t n = batch.first; n < batch.first + batch.count; ++n)
    rows.push_back(base + group.slotOf.at(plan.request().labels[n]));
  if (plan.isGuided(evaluation))
    rows.insert(rows.end(), batch.count,
                base + group.slotOf.at(nullLabel(plan)));
}

} // namespace dit::runtime
