// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How a request is cut into batches, and which condition rows they read: the
// same on every device.
#ifndef DIT_RUNTIME_SAMPLING_SAMPLEGROUPS_H
#define DIT_RUNTIME_SAMPLING_SAMPLEGROUPS_H

#include "runtime/sampling/Sampling.h"

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

  int64_t slots() const { return static_cast<int64_t>(slotOf.size()); }
};

/// All samples of the request, in order. A group has as many batches as have
/// room for a step in the table.
std::vector<SampleGroup> makeGroups(const Manifest &manifest,
                                    const SampleRequest &request);

/// Bytes of the group's rows of one step.
int64_t stepBytes(const SampleGroup &group, const Manifest &manifest);
/// How many of `steps` steps the table holds at a time.
int64_t stepsAtATime(const SampleGroup &group, const Manifest &manifest,
                     const SampleRequest &request, int64_t steps);

/// What the rows of a table are made from.
struct ConditionInputs {
  std::vector<float> t;
  std::vector<int32_t> y;
};
/// Of steps [first, first + steps).
ConditionInputs conditionInputs(const SampleGroup &group,
                                const Sampler &sampler, int64_t first,
                                int64_t steps);
/// The table's rows that `batch` reads in step `stepInTable` of it: those of
/// its labels and, where the step is guided, the null label's as often.
std::vector<int32_t> tableRows(const SampleGroup &group,
                               const SampleBatch &batch,
                               const Manifest &manifest,
                               const SampleRequest &request,
                               int64_t stepInTable, bool guided);

} // namespace dit::runtime

#endif // DIT_RUNTIME_SAMPLING_SAMPLEGROUPS_H
