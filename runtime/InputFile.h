// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A regular file that is read piece by piece.
#ifndef DIT_RUNTIME_INPUTFILE_H
#define DIT_RUNTIME_INPUTFILE_H

#include <cstddef>
#include <string>

namespace dit::runtime {

/// Copies what is asked for, unlike MappedFile: a file that somebody cuts
/// meanwhile is an Error of a read, where touching the mapped page would end
/// the process. Errors begin with the path.
class InputFile {
public:
  explicit InputFile(std::string path);
  ~InputFile();
  InputFile(const InputFile &) = delete;
  InputFile &operator=(const InputFile &) = delete;

  const std::string &path() const { return filePath; }
  /// Of the file when it was opened.
  size_t size() const { return bytes; }
  /// Writes the `count` bytes at `begin` to `to`.
  void read(size_t begin, size_t count, void *to) const;
  /// The same as text.
  std::string text(size_t begin, size_t count) const;
  /// Its first bytes, `count` or all there are.
  std::string start(size_t count) const;
  /// All of it; throws where that is more than `most` bytes.
  std::string all(size_t most) const;

private:
  std::string filePath;
  size_t bytes = 0;
  int fd = -1;
};

} // namespace dit::runtime

#endif // DIT_RUNTIME_INPUTFILE_H
