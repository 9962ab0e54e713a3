// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sentences of errors, and text from files made safe to print in them.
#include "runtime/Error.h"

#include <fmt/ranges.h>

#include <cctype>
#include <cstring>

namespace dit::runtime {

Error::Error(std::string sentence)
    : std::runtime_error(sentence), lines{std::move(sentence)} {}

Error::Error(std::vector<std::string> sentences)
    : std::runtime_error(fmt::format("{}", fmt::join(sentences, "\n"))),
      lines(std::move(sentences)) {}

std::string systemMessage(int code) {
  char buffer[256];
  std::string text = strerror_r(code, buffer, sizeof(buffer));
  if (!text.empty())
    text[0] =
        static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  return text;
}

std::string inQuotes(std::string_view text) {
  constexpr size_t longest = 80;
  std::string result = "'";
  for (unsigned char c : text.substr(0, longest)) {
    // Bytes of UTF-8 sequences pass; control characters must not reach a
    // terminal.
    if (c < 0x20 || c == 0x7f)
      result += fmt::format("\\x{:02x}", c);
    else
      result += static_cast<char>(c);
  }
  result += text.size() > longest ? "...'" : "'";
  return result;
}

} // namespace dit::runtime
