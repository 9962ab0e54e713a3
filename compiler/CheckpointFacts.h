// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What of a spec no tensor's shape shows, but a checkpoint tells as well.
#ifndef DIT_COMPILER_CHECKPOINTFACTS_H
#define DIT_COMPILER_CHECKPOINTFACTS_H

#include "compiler/Spec.h"
#include "runtime/Manifest.h"

namespace dit {

/// Fills in the tables of positions that a checkpoint of the model may store,
/// and what a config.json of the same model says.
void describeCheckpoint(const Spec &spec, runtime::Manifest &manifest);

} // namespace dit

#endif // DIT_COMPILER_CHECKPOINTFACTS_H
