// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An emitted model as model.cpp sees it; EmittedModel.inc defines it from the
// emitted text.
#ifndef DIT_SIMT_MODEL_H
#define DIT_SIMT_MODEL_H

#include "../../../codegen/cuda/device/launches.h"
#include "Simt.h"

#include <string>

namespace model {

int weightCount();
const char *weightName(int index);
long long weightFloats(int index);

struct InputInfo {
  std::string name, every;
  long long elements; ///< of a sample
};
int inputCount();
InputInfo input(int index);

long long preparedBytes();

struct FunctionInfo {
  std::string name, every;
  long long arenaBytesPerRow, rowFloats;
};
int functionCount();
FunctionInfo function(int index);
/// Runs the function's launches, each to its end, under the schedule.
void run(int function, const simt::Schedule &schedule, const dit::Memory &at,
         long long rows);

} // namespace model

#endif // DIT_SIMT_MODEL_H
