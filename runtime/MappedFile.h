// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A regular file mapped for reading.
#ifndef DIT_RUNTIME_MAPPEDFILE_H
#define DIT_RUNTIME_MAPPEDFILE_H

#include <string>
#include <string_view>

namespace dit::runtime {

/// Maps a file read-only for as long as the object lives. Throws an Error that
/// begins with the path when it cannot be opened or is not a regular file.
class MappedFile {
public:
  explicit MappedFile(std::string path);
  ~MappedFile();
  MappedFile(const MappedFile &) = delete;
  MappedFile &operator=(const MappedFile &) = delete;

  const std::string &path() const { return filePath; }
  std::string_view bytes() const { return {data, size}; }
  /// Gives the memory of the pages that hold [begin, begin + count) back; they
  /// are read from the file again if they are touched again.
  void forget(size_t begin, size_t count) const noexcept;

private:
  std::string filePath;
  const char *data = nullptr;
  size_t size = 0;
};

} // namespace dit::runtime

#endif // DIT_RUNTIME_MAPPEDFILE_H
