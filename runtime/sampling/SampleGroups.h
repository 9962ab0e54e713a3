// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How a request is cut into batches, and which condition rows they read: the
// same on every device.
#ifndef DIT_RUNTIME_SAMPLING_SAMPLEGROUPS_H
#define DIT_RUNTIME_SAMPLING_SAMPLEGROUPS_H

#include "runtime/sampling/SamplingPlan.h"

#include <map>

namespace dit::runtime {

/// Samples [first, first + count) of the request, evaluated together.
struct SampleBatch {
  int64_t first, count;
};

/// Consecutive batches that read one condition table: (steps, slots, row).
struct SampleGroup {
  std::vector<SampleBatch> batches;
  std::map<int32_t, int32_t> slotOf; ///< label -> its row within a step's rows
  int64_t stepsInTable = 0; ///< evaluations that the table is filled for at a
                            ///< time
  int64_t tableBytes = 0;

  int64_t slots() const { return static_cast<int64_t>(slotOf.size()); }
};

/// All samples of the plan, in order, for the alternative of `manifest`. A
/// group has as many batches as have room for a step in the table.
std::vector<SampleGroup> makeGroups(const SamplingPlan &plan,
                                    const Manifest &manifest);

/// The largest group's.
int64_t tableBytes(const std::vector<SampleGroup> &groups);
/// How many samples the batches have, each count once.
std::vector<int64_t> batchSizes(const std::vector<SampleGroup> &groups);

/// What the rows of a table are made from.
struct ConditionInputs {
  std::vector<float> t;
  std::vector<int32_t> y;
};
/// Of evaluations [first, first + count).
ConditionInputs conditionInputs(const SamplingPlan &plan,
                                const SampleGroup &group, int64_t first,
                                int64_t count);
/// Appends the table's rows that `batch` reads in evaluation number
/// `evaluation`, the table's first being number `tableBegin`: those of its
/// labels and, where it is guided, the null label's as often.
void appendTableRows(const SamplingPlan &plan, const SampleGroup &group,
                     const SampleBatch &batch, int64_t evaluation,
                     int64_t tableBegin, std::vector<int32_t> &rows);

} // namespace dit::runtime

#endif // DIT_RUNTIME_SAMPLING_SAMPLEGROUPS_H
