// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An emitted model as model.cpp sees it; EmittedModel.inc defines it from the
// emitted text.
#ifndef DIT_SIMT_MODEL_H
#define DIT_SIMT_MODEL_H

#include "../../../codegen/cuda/device/launches.h"
#include "Simt.h"

namespace model {

int weightCount();
const char *weightName(int index);
long long weightFloats(int index);

long long preparedBytes();
long long arenaBytesPerRow();
long long conditionArenaBytesPerRow();
long long conditionFloats();

// Run the launches, each to its end, under the schedule.
void prepare(const simt::Schedule &schedule, const dit::Memory &at);
void tabulate(const simt::Schedule &schedule, const dit::Memory &at);
void condition(const simt::Schedule &schedule, const dit::Memory &at,
               long long rows);
void denoise(const simt::Schedule &schedule, const dit::Memory &at,
             long long rows);

} // namespace model

#endif // DIT_SIMT_MODEL_H
