// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/cuda/Alternatives.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace dit::runtime::cuda {
namespace {

/// "sm_90a": 90 and specific.
struct Arch {
  int number = 0;
  bool isSpecific = false;
  auto operator<=>(const Arch &) const = default;
};

std::optional<Arch> parseArch(std::string_view text) {
  Arch arch;
  if (!text.starts_with("sm_"))
    return std::nullopt;
  const char *end = text.data() + text.size();
  auto [rest, problem] = std::from_chars(text.data() + 3, end, arch.number);
  arch.isSpecific = end - rest == 1 && *rest == 'a';
  if (problem != std::errc() || (rest != end && !arch.isSpecific))
    return std::nullopt;
  return arch;
}

} // namespace

bool runs(std::string_view text, int major, int minor) {
  std::optional<Arch> arch = parseArch(text);
  if (!arch || arch->number / 10 != major)
    return false;
  return arch->isSpecific ? arch->number % 10 == minor
                          : arch->number % 10 <= minor;
}

std::vector<const Alternative *>
fitting(const std::vector<const Alternative *> &alternatives, int major,
        int minor) {
  std::vector<const Alternative *> best;
  Arch bestArch;
  for (const Alternative *alternative : alternatives) {
    const std::string &name = alternative->manifest.arch;
    if (!runs(name, major, minor))
      continue;
    Arch arch = *parseArch(name);
    if (bestArch < arch) {
      best.clear();
      bestArch = arch;
    }
    if (arch == bestArch)
      best.push_back(alternative);
  }
  return best;
}

std::string showArchs(const std::vector<const Alternative *> &alternatives) {
  std::vector<std::string> archs;
  for (const Alternative *alternative : alternatives)
    if (std::find(archs.begin(), archs.end(), alternative->manifest.arch) ==
        archs.end())
      archs.push_back(alternative->manifest.arch);
  return fmt::format("{}", fmt::join(archs, ", "));
}

} // namespace dit::runtime::cuda
