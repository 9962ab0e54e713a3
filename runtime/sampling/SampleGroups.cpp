// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/sampling/SampleGroups.h"

#include <algorithm>

namespace dit::runtime {

static int64_t rowBytes(const Manifest &manifest) {
  return std::max<int64_t>(1, manifest.memory.conditionRowFloats * 4);
}

/// The labels that `batch` adds to `group`, the null label first when guided.
static void addLabels(SampleGroup &group, const SampleBatch &batch,
                      const SampleRequest &request, int32_t nullLabel) {
  auto add = [&](int32_t label) {
    group.slotOf.try_emplace(label, static_cast<int32_t>(group.slotOf.size()));
  };
  if (!guidanceOf(request).isNone())
    add(nullLabel);
  for (int64_t n = batch.first; n < batch.first + batch.count; ++n)
    add(request.labels[n]);
  group.batches.push_back(batch);
}

std::vector<SampleGroup> makeGroups(const Manifest &manifest,
                                    const SampleRequest &request) {
  std::vector<SampleGroup> groups;
  auto nullLabel = static_cast<int32_t>(manifest.classes);
  auto total = static_cast<int64_t>(request.labels.size());
  for (int64_t first = 0; first < total; first += request.batch) {
    SampleBatch batch{first, std::min(request.batch, total - first)};
    if (!groups.empty()) {
      SampleGroup grown = groups.back();
      addLabels(grown, batch, request, nullLabel);
      if (grown.slots() <= request.conditionBytes / rowBytes(manifest)) {
        groups.back() = std::move(grown);
        continue;
      }
    }
    addLabels(groups.emplace_back(), batch, request, nullLabel);
  }
  return groups;
}

int64_t stepBytes(const SampleGroup &group, const Manifest &manifest) {
  return group.slots() * rowBytes(manifest);
}

int64_t stepsAtATime(const SampleGroup &group, const Manifest &manifest,
                     const SampleRequest &request, int64_t steps) {
  return std::clamp<int64_t>(
      request.conditionBytes / stepBytes(group, manifest), 1, steps);
}

ConditionInputs conditionInputs(const SampleGroup &group,
                                const Sampler &sampler, int64_t first,
                                int64_t steps) {
  std::vector<int32_t> labels(group.slotOf.size());
  for (auto [label, slot] : group.slotOf)
    labels[slot] = label;
  ConditionInputs inputs;
  for (int64_t step = first; step < first + steps; ++step) {
    inputs.t.insert(inputs.t.end(), labels.size(), sampler.times[step]);
    inputs.y.insert(inputs.y.end(), labels.begin(), labels.end());
  }
  return inputs;
}

std::vector<int32_t> tableRows(const SampleGroup &group,
                               const SampleBatch &batch,
                               const Manifest &manifest,
                               const SampleRequest &request,
                               int64_t stepInTable, bool guided) {
  auto base = static_cast<int32_t>(stepInTable * group.slots());
  std::vector<int32_t> rows;
  for (int64_t n = batch.first; n < batch.first + batch.count; ++n)
    rows.push_back(base + group.slotOf.at(request.labels[n]));
  if (guided)
    rows.insert(rows.end(), batch.count,
                base + group.slotOf.at(static_cast<int32_t>(manifest.classes)));
  return rows;
}

} // namespace dit::runtime
