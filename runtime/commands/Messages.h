// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What is printed for people. A message that nobody can receive is dropped: a
// full disk behind a log must not end hours of sampling. A result that cannot
// be written is an Error.
#ifndef DIT_RUNTIME_COMMANDS_MESSAGES_H
#define DIT_RUNTIME_COMMANDS_MESSAGES_H

#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <string_view>

namespace dit::runtime {

/// Writes all of `text`, or drops the rest of it.
void writeMessage(std::FILE *stream, std::string_view text) noexcept;
/// Writes to standard output; throws an Error that says why not.
void writeResult(std::string_view text);

/// A message on stderr.
template <typename... Args>
void say(fmt::format_string<Args...> format, Args &&...args) {
  writeMessage(stderr, fmt::format(format, std::forward<Args>(args)...));
}
/// A message on stdout: what became of the file `output`, which may itself be
/// standard output.
template <typename... Args>
void announce(const std::string &output, fmt::format_string<Args...> format,
              Args &&...args) {
  writeMessage(output == "-" ? stderr : stdout,
               output + ": " +
                   fmt::format(format, std::forward<Args>(args)...));
}
/// A result on stdout.
template <typename... Args>
void printResult(fmt::format_string<Args...> format, Args &&...args) {
  writeResult(fmt::format(format, std::forward<Args>(args)...));
}

/// Makes all of that true of this process: descriptors 0 to 2 that are closed
/// are opened where nothing can be written, so that no file gets their numbers,
/// and a reader that has gone, or a limit on file sizes, is an error of a write
/// instead of a signal.
void guardStandardStreams();

} // namespace dit::runtime

#endif // DIT_RUNTIME_COMMANDS_MESSAGES_H
