// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Values at their planned addresses, dead bytes NaN.
#include "dialect/ShadowArena.h"

#include <fmt/format.h>
#include <limits>

using namespace llvm;

namespace dit {

static constexpr double kPoison = std::numeric_limits<double>::quiet_NaN();

ShadowArena::ShadowArena(std::string name, int64_t bytes)
    : name(std::move(name)), bytes(bytes), shadow((bytes + 1) / 2, kPoison) {}

Error ShadowArena::store(StringRef value, Span span, ArrayRef<double> values) {
  std::string what = value.str();
  if (span.begin % 64)
    return createStringError(fmt::format(
        "{}: '{}' must start at a multiple of 64, but its offset is {}", name,
        what, span.begin));
  if (span.begin < 0 || span.begin + span.bytes > bytes)
    return createStringError(fmt::format(
        "{}: '{}' lies at bytes {} to {}, outside of the {} planned", name,
        what, span.begin, span.begin + span.bytes, bytes));
  for (const Live &other : live)
    if (span.begin < other.span.begin + other.span.bytes &&
        other.span.begin < span.begin + span.bytes)
      return createStringError(fmt::format(
          "{}: '{}' at bytes {} to {} overlaps '{}' at bytes {} to {}, which "
          "is "
          "still read",
          name, what, span.begin, span.begin + span.bytes, other.value,
          other.span.begin, other.span.begin + other.span.bytes));
  release(span);
  live.push_back({span, what});
  for (auto [i, v] : llvm::enumerate(values))
    shadow[(span.begin + i * span.step) / 2] = v;
  return Error::success();
}

void ShadowArena::load(Span span, MutableArrayRef<double> values) const {
  for (auto [i, v] : llvm::enumerate(values))
    v = shadow[(span.begin + i * span.step) / 2];
}

void ShadowArena::release(Span span) {
  std::fill(shadow.begin() + span.begin / 2,
            shadow.begin() + (span.begin + span.bytes) / 2, kPoison);
  llvm::erase_if(
      live, [&](const Live &other) { return other.span.begin == span.begin; });
}

} // namespace dit
