// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A file that appears whole or not at all.
#ifndef DIT_RUNTIME_OUTPUTFILE_H
#define DIT_RUNTIME_OUTPUTFILE_H

#include <cstdint>
#include <string>
#include <string_view>

namespace dit::runtime {

/// Collects a file's bytes under no name, or a temporary one, in the folder of
/// `path`, and gives them that name in commit(); nothing is left of a file that
/// is never committed. Opening one before long work finds out in time that a
/// folder cannot be written or that a disk is full. A device or pipe at `path`,
/// and standard output, which is "-", is written directly. Errors begin with
/// the path.
class OutputFile {
public:
  /// Reserves `expectedBytes` on the disk where the file system can.
  explicit OutputFile(std::string path, int64_t expectedBytes = 0);
  ~OutputFile();
  OutputFile(const OutputFile &) = delete;
  OutputFile &operator=(const OutputFile &) = delete;

  const std::string &path() const { return finalPath; }
  void write(const void *data, size_t bytes);
  void write(std::string_view text) { write(text.data(), text.size()); }
  /// As write, but answers false, and lets commit() throw, on failure.
  bool tryWrite(const void *data, size_t bytes) noexcept;
  /// Throws the error that made tryWrite answer false, if any did.
  void checkWritten() const;
  /// Puts the file in its place. Nothing may be written afterwards.
  void commit();

private:
  void openTemporary(const std::string &folder);
  void reserve(int64_t bytes);
  [[noreturn]] void failWriting(int code) const;

  std::string finalPath;     ///< as the user gave it, for errors
  std::string target;        ///< what is replaced: finalPath, links followed
  std::string temporaryName; ///< empty while the file has no name
  int fd = -1;
  int64_t written = 0;
  int failure = 0;     ///< errno of the first failed write
  bool direct = false; ///< a device or pipe
};

} // namespace dit::runtime

#endif // DIT_RUNTIME_OUTPUTFILE_H
