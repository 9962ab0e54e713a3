// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/sampling/SampleGroups.h"

#include <algorithm>
#include <set>

namespace dit::runtime {

/// What `batch` adds to `group`.
static void addBatch(SampleGroup &group, const SampleBatch &batch,
                     const SamplingPlan &plan) {
  auto add = [&](int32_t row) {
    if (group.slotOf.try_emplace(row, static_cast<int32_t>(group.told.size()))
            .second)
      group.told.push_back(row);
  };
  for (int64_t n = batch.first; n < batch.first + batch.count; ++n) {
    add(plan.request().labels[n]);
    if (!plan.guidance().isNone())
      add(plan.conditions().nullOf(plan.request().labels[n]));
  }
  group.batches.push_back(batch);
}

/// Rows of tables that a group needs for one step, by function, and bytes: of
/// tables that a step's time is in, and of others.
struct StepTables {
  std::vector<ToldRows> told;
  int64_t ofSteps = 0, once = 0;

  StepTables(const SampleGroup &group, const SamplingPlan &plan,
             const Manifest &manifest) {
    std::map<std::string, std::vector<int32_t>> rowOf;
    told = toldRows(manifest, plan.conditions().tell(group.told, rowOf),
                    std::ssize(group.told));
    for (size_t f = 0; f < told.size(); ++f)
      (told[f].isKnown ? once : ofSteps) +=
          told[f].count() * manifest.functions[f].rowFloats * 4;
  }
};

/// Adds the batch where the tables of a step then have room; else nothing.
static bool addWithin(SampleGroup &group, const SampleBatch &batch,
                      const SamplingPlan &plan, const Manifest &manifest) {
  const size_t before = group.told.size();
  addBatch(group, batch, plan);
  if (group.told.size() == before)
    return true;
  StepTables tables(group, plan, manifest);
  if (tables.ofSteps + tables.once <= plan.request().conditionBytes)
    return true;
  group.batches.pop_back();
  for (; group.told.size() > before; group.told.pop_back())
    group.slotOf.erase(group.told.back());
  return false;
}

std::vector<SampleGroup> makeGroups(const SamplingPlan &plan,
                                    const Manifest &manifest) {
  const int64_t limit = plan.request().conditionBytes;
  std::vector<SampleGroup> groups;
  for (int64_t first = 0; first < plan.samples(); first += plan.batch()) {
    SampleBatch batch{first, std::min(plan.batch(), plan.samples() - first)};
    if (groups.empty() || !addWithin(groups.back(), batch, plan, manifest))
      addBatch(groups.emplace_back(), batch, plan);
  }
  for (SampleGroup &group : groups) {
    StepTables tables(group, plan, manifest);
    group.stepsInTables = std::clamp<int64_t>(
        (limit - tables.once) / std::max<int64_t>(1, tables.ofSteps), 1,
        plan.evaluations());
    for (const ToldRows &told : tables.told)
      group.tableRows.push_back(told.count() *
                                (told.isKnown ? 1 : group.stepsInTables));
    group.tableBytes = tables.once + group.stepsInTables * tables.ofSteps;
  }
  return groups;
}

int64_t tableBytes(const std::vector<SampleGroup> &groups) {
  int64_t most = 0;
  for (const SampleGroup &group : groups)
    most = std::max(most, group.tableBytes);
  return most;
}

std::vector<int64_t> tableRows(const std::vector<SampleGroup> &groups) {
  std::vector<int64_t> most = groups.front().tableRows;
  for (const SampleGroup &group : groups)
    for (size_t f = 0; f < most.size(); ++f)
      most[f] = std::max(most[f], group.tableRows[f]);
  return most;
}

std::vector<int64_t> batchSizes(const std::vector<SampleGroup> &groups) {
  std::set<int64_t> sizes;
  for (const SampleGroup &group : groups)
    for (const SampleBatch &batch : group.batches)
      sizes.insert(batch.count);
  return {sizes.begin(), sizes.end()};
}

std::vector<int32_t> slotsOf(const SamplingPlan &plan, const SampleGroup &group,
                             const SampleBatch &batch, bool guided) {
  std::vector<int32_t> slots;
  for (bool isNull : {false, true})
    for (int64_t n = batch.first; n < batch.first + batch.count; ++n)
      if (int32_t row = plan.request().labels[n]; !isNull)
        slots.push_back(group.slotOf.at(row));
      else if (guided)
        slots.push_back(group.slotOf.at(plan.conditions().nullOf(row)));
  return slots;
}

} // namespace dit::runtime
