// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The one exception of the runtime: sentences for the person who ran the tool.
// Nothing here prints; the tools do, one line a sentence.
#ifndef DIT_RUNTIME_ERROR_H
#define DIT_RUNTIME_ERROR_H

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace dit::runtime {

/// Something the user or their machine must change: lower case, no full stop,
/// what was expected and what was found. Several sentences where a file has
/// several mistakes.
class Error : public std::runtime_error {
public:
  explicit Error(std::string sentence);
  /// `sentences` must not be empty.
  explicit Error(std::vector<std::string> sentences);

  const std::vector<std::string> &sentences() const { return lines; }

private:
  std::vector<std::string> lines;
};

/// A mistake in a flag's value; the tools exit with 2 instead of 1.
class FlagError : public Error {
public:
  using Error::Error;
};

/// Throws an Error with the formatted sentence.
template <typename... Args>
[[noreturn]] void fail(fmt::format_string<Args...> format, Args &&...args) {
  throw Error(fmt::format(format, std::forward<Args>(args)...));
}

/// Throws a FlagError with the formatted sentence.
template <typename... Args>
[[noreturn]] void failFlag(fmt::format_string<Args...> format, Args &&...args) {
  throw FlagError(fmt::format(format, std::forward<Args>(args)...));
}

/// What the operating system says of an errno, in lower case: "no space left on
/// device".
std::string systemMessage(int code);

/// "'bell\\x07'": text from a file, safe to print on a terminal, cut at 80
/// bytes.
std::string inQuotes(std::string_view text);

} // namespace dit::runtime

#endif // DIT_RUNTIME_ERROR_H
