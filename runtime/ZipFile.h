// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where the entries of a zip archive lie, as torch.save, np.savez and
// np.savez_compressed write it (zip64 too). Encrypted and split archives are
// refused.
#ifndef DIT_RUNTIME_ZIPFILE_H
#define DIT_RUNTIME_ZIPFILE_H

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace dit::runtime {

/// The bytes [begin, begin + bytes) of the archive: the content, or where it is
/// deflated what `inflate` makes `contentBytes` of.
struct ZipEntry {
  size_t begin = 0, bytes = 0;
  bool isDeflated = false;
  size_t contentBytes = 0;
};

/// An archive that is not in memory: `text` gives the bytes [begin, begin +
/// count), which lie inside of `size`.
struct ZipBytes {
  size_t size;
  std::function<std::string(size_t begin, size_t count)> text;
};

/// The entries of the archive `file` by name. Every offset is checked, and no
/// two entries share bytes, so together they are no larger than the file.
/// Checksums are not: torch.save can be told to write none. Throws an Error
/// without the file's name.
std::map<std::string, ZipEntry> readZip(const ZipBytes &file);
std::map<std::string, ZipEntry> readZip(std::string_view file);

/// The content, of `bytes`, of a deflated entry's bytes. Throws an Error unless
/// they are whole and make just that.
std::string inflate(std::string_view stored, size_t bytes);

} // namespace dit::runtime

#endif // DIT_RUNTIME_ZIPFILE_H
