// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/Resolution.h"

#include <fmt/format.h>

#include <charconv>

namespace dit::runtime {

std::string Resolution::show() const {
  return fmt::format("{}x{}", height, width);
}

std::string showResolutions(const std::vector<Resolution> &resolutions) {
  std::string text;
  for (const Resolution &resolution : resolutions)
    text += (text.empty() ? "" : ", ") + resolution.show();
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

} // namespace dit::runtime
