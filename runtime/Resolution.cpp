// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/Resolution.h"

#include "runtime/Error.h"

#include <algorithm>
#include <charconv>

namespace dit::runtime {

std::string Resolution::show() const {
  return fmt::format("{}x{}", height, width);
}

std::string showResolutions(const std::vector<Resolution> &resolutions) {
  std::string text;
  for (auto it = resolutions.begin(); it != resolutions.end(); ++it)
    if (std::find(resolutions.begin(), it, *it) == it)
      text += (text.empty() ? "" : ", ") + it->show();
  return text;
}

std::optional<Resolution> parseResolution(std::string_view text) {
  constexpr int64_t largest = 65536;
  Resolution found;
  const char *end = text.data() + text.size();
  auto height = std::from_chars(text.data(), end, found.height);
  if (height.ec != std::errc() || height.ptr == end || *height.ptr != 'x')
    return std::nullopt;
  auto width = std::from_chars(height.ptr + 1, end, found.width);
  if (width.ec != std::errc() || width.ptr != end)
    return std::nullopt;
  for (int64_t side : {found.height, found.width})
    if (side < 1 || side > largest)
      return std::nullopt;
  return found;
}

Resolution chooseResolution(const std::string &path,
                            const std::vector<Resolution> &there,
                            const std::optional<Resolution> &wanted) {
  if (!wanted)
    return there.front();
  if (std::find(there.begin(), there.end(), *wanted) == there.end())
    failFlag("{}: compiled for {}, not for {}", path, showResolutions(there),
             wanted->show());
  return *wanted;
}

} // namespace dit::runtime
