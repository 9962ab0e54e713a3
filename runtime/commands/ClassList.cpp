// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Lists and ranges of classes.
#include "runtime/commands/ClassList.h"

#include "runtime/Error.h"

#include <charconv>

namespace dit::runtime {

/// The integer that is all of `text`, or -1.
static int32_t toClass(std::string_view text) {
  int32_t value = -1;
  auto [end, problem] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  return problem == std::errc() && end == text.data() + text.size() ? value
                                                                    : -1;
}

std::vector<int32_t> parseClasses(const std::string &text, int64_t repeat,
                                  int64_t classes) {
  constexpr int64_t most = 1'000'000;
  std::vector<int32_t> labels;
  const std::string all = fmt::format("0-{}", classes - 1);
  std::string_view rest = text == "all" ? all : text;
  for (bool more = true; more;) {
    size_t comma = rest.find(',');
    more = comma != std::string_view::npos;
    std::string_view item = rest.substr(0, comma);
    rest = more ? rest.substr(comma + 1) : "";
    size_t dash = item.find('-');
    int32_t first = toClass(item.substr(0, dash));
    int32_t last =
        dash == std::string_view::npos ? first : toClass(item.substr(dash + 1));
    if (first < 0 || last < first)
      failFlag("--classes must be integers and ranges, such as 207,360 or 0-9, "
               "or all, but has {}",
               inQuotes(item));
    if ((last - int64_t{first} + 1 + static_cast<int64_t>(labels.size())) *
            repeat >
        most)
      failFlag("--classes and --repeat ask for more than {} samples", most);
    for (int64_t label = first; label <= last; ++label)
      labels.insert(labels.end(), repeat, static_cast<int32_t>(label));
  }
  return labels;
}

} // namespace dit::runtime
