// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What diffusers' DiTTransformer2DModel calls the tensors of a state dict.
#ifndef DIT_RUNTIME_DIFFUSERSNAMES_H
#define DIT_RUNTIME_DIFFUSERSNAMES_H

#include <optional>
#include <string>
#include <vector>

namespace dit::runtime {

/// A stored tensor's place among the official ones: the whole of `name`, or
/// one of `parts` that follow on each other along its first dimension.
struct OfficialName {
  std::string name;
  size_t part = 0, parts = 1;
  bool isRepeated = false; ///< every block has a copy
};

/// Nothing for a name that diffusers does not use.
std::optional<OfficialName> officialName(const std::string &stored);

/// The stored names of an official one, in the order of its parts; that of the
/// first block where all have a copy. Nothing for a name that is not official.
std::vector<std::string> diffusersNames(const std::string &official);

} // namespace dit::runtime

#endif // DIT_RUNTIME_DIFFUSERSNAMES_H
