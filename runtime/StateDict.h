// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which of the dicts of a checkpoint has the weights.
#ifndef DIT_RUNTIME_STATEDICT_H
#define DIT_RUNTIME_STATEDICT_H

#include "runtime/Pickle.h"

#include <string>
#include <vector>

namespace dit::runtime {

struct StateDict {
  const PickleValue *dict;
  std::string key;  ///< "ema" or "model.state_dict"; empty for all of the file
  std::string rest; ///< what all names begin with besides, to be cut off
  std::vector<std::string> passedOver; ///< keys whose dicts are empty
};

/// The dict of tensors in what was saved: an averaged model before the one in
/// training, under the names that training scripts give them, or one level
/// below. With a `key` the dict of that path, whose last parts may be the
/// beginning of names. Throws an Error that lists what there is.
StateDict findStateDict(const PickleValue &root, const std::string &key);

} // namespace dit::runtime

#endif // DIT_RUNTIME_STATEDICT_H
