// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where the entries of an uncompressed zip archive lie, as torch.save
// and np.savez write it (zip64 too). Compressed, encrypted and split archives
// are refused.
#ifndef DIT_RUNTIME_ZIPFILE_H
#define DIT_RUNTIME_ZIPFILE_H

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace dit::runtime {

/// The bytes [begin, begin + bytes) of the archive, stored as they are.
struct ZipEntry {
  size_t begin = 0, bytes = 0;
};

/// The entries of the archive `file` by name. Every offset is checked, and no
/// two entries share bytes, so together they are no larger than the file.
/// Checksums are not: torch.save can be told to write none. Throws an Error
/// without the file's name.
std::map<std::string, ZipEntry> readZip(std::string_view file);

} // namespace dit::runtime

#endif // DIT_RUNTIME_ZIPFILE_H
