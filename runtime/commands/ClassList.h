// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The spelling of --classes.
#ifndef DIT_RUNTIME_COMMANDS_CLASSLIST_H
#define DIT_RUNTIME_COMMANDS_CLASSLIST_H

#include <cstdint>
#include <string>
#include <vector>

namespace dit::runtime {

/// "207,360" or "0-9" or both mixed, or "all" of the model's `classes`, each
/// class `repeat` times in a row. Throws a FlagError for anything else, and for
/// more than a million samples.
std::vector<int32_t> parseClasses(const std::string &text, int64_t repeat,
                                  int64_t classes);

} // namespace dit::runtime

#endif // DIT_RUNTIME_COMMANDS_CLASSLIST_H
