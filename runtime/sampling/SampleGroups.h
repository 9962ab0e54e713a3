// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How a request is cut into batches, and what they are told: the same on every
// device.
#ifndef DIT_RUNTIME_SAMPLING_SAMPLEGROUPS_H
#define DIT_RUNTIME_SAMPLING_SAMPLEGROUPS_H

#include "runtime/sampling/SamplingPlan.h"

#include <map>

namespace dit::runtime {

/// Samples [first, first + count) of the request, evaluated together.
struct SampleBatch {
  int64_t first, count;
};

/// Consecutive batches that read the same tables.
struct SampleGroup {
  std::vector<SampleBatch> batches;
  std::vector<int32_t> told;         ///< rows of the plan's conditions
  std::map<int32_t, int32_t> slotOf; ///< row -> where it stands in `told`
  int64_t stepsInTables = 0; ///< evaluations that tables are filled for at a
                             ///< time
  std::vector<int64_t> tableRows; ///< by function
  int64_t tableBytes = 0;         ///< of all of them
};

/// All samples of the plan, in order, for the alternative of `manifest`. A
/// group has as many batches as have room for a step in the tables.
std::vector<SampleGroup> makeGroups(const SamplingPlan &plan,
                                    const Manifest &manifest);

/// The largest group's.
int64_t tableBytes(const std::vector<SampleGroup> &groups);
std::vector<int64_t> tableRows(const std::vector<SampleGroup> &groups);
/// How many samples the batches have, each count once.
std::vector<int64_t> batchSizes(const std::vector<SampleGroup> &groups);

/// Where in `group.told` the rows of an evaluation of `batch` are told: of its
/// samples and, where it is guided, of what guidance tells instead of them.
std::vector<int32_t> slotsOf(const SamplingPlan &plan, const SampleGroup &group,
                             const SampleBatch &batch, bool guided);

} // namespace dit::runtime

#endif // DIT_RUNTIME_SAMPLING_SAMPLEGROUPS_H
