// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The size of what a model works on, as --size and the messages have it.
#ifndef DIT_RUNTIME_RESOLUTION_H
#define DIT_RUNTIME_RESOLUTION_H

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dit::runtime {

/// Height and width of x: of the latent, or of the picture where the model
/// works on pixels.
struct Resolution {
  int64_t height = 0, width = 0;
  auto operator<=>(const Resolution &) const = default;
  /// "24x40": the height first.
  std::string show() const;
};

/// "32x32, 24x40": each once.
std::string showResolutions(const std::vector<Resolution> &resolutions);

/// "24x40", both from 1 to 65536; nothing for any other text.
std::optional<Resolution> parseResolution(std::string_view text);

/// `wanted`, or the first of `there` where it is empty. Throws a FlagError,
/// which begins with `path`, for one that is not there.
Resolution chooseResolution(const std::string &path,
                            const std::vector<Resolution> &there,
                            const std::optional<Resolution> &wanted);

} // namespace dit::runtime

#endif // DIT_RUNTIME_RESOLUTION_H
