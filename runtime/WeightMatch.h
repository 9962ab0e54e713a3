// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A checkpoint held to what an artifact expects of it.
#ifndef DIT_RUNTIME_WEIGHTMATCH_H
#define DIT_RUNTIME_WEIGHTMATCH_H

#include "runtime/Checkpoint.h"
#include "runtime/Manifest.h"

namespace dit::runtime {

/// Throws one Error of all that differs: tensors missing, extra, of another
/// shape or dtype, a stored table of other positions, a config.json of another
/// model. Where a key of the spec is likely to be the reason, it says which.
/// `notice`, where there is one, gets sentences of what is only worth knowing.
void checkWeights(const Checkpoint &checkpoint, const Manifest &manifest,
                  const std::function<void(const std::string &)> &notice = {});

} // namespace dit::runtime

#endif // DIT_RUNTIME_WEIGHTMATCH_H
