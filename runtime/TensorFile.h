// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A mapped file of named tensors, whatever its format.
#ifndef DIT_RUNTIME_TENSORFILE_H
#define DIT_RUNTIME_TENSORFILE_H

#include "runtime/MappedFile.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace dit::runtime {

/// One tensor of a file: its bytes, row-major, are [begin, begin + bytes) of
/// the file, or of one of its shards.
struct StoredTensor {
  std::string dtype; ///< "F32", "BF16", "I64", ...
  std::vector<int64_t> shape;
  size_t begin = 0, bytes = 0;
  size_t shard = 0;
  int64_t elements() const;
};

/// The tensors of a file, every one inside it and of the size that its dtype
/// and shape need. Errors begin with the file's path.
class TensorFile {
public:
  virtual ~TensorFile() = default;

  const std::string &path() const { return file.path(); }
  const std::map<std::string, StoredTensor> &tensors() const { return entries; }
  /// The tensor `name`, or null.
  const StoredTensor *find(const std::string &name) const;
  virtual const char *bytes(const StoredTensor &t) const {
    return file.bytes().data() + t.begin;
  }
  /// Gives the pages of a tensor that was read back to the system.
  virtual void forget(const StoredTensor &t) const noexcept {
    file.forget(t.begin, t.bytes);
  }

protected:
  explicit TensorFile(const std::string &path) : file(path) {}

  MappedFile file;
  std::map<std::string, StoredTensor> entries;
};

/// Opens `path`: the index of several files by its name (ShardedFile), a file
/// of torch.save by its first bytes, or else safetensors.
std::unique_ptr<TensorFile> openTensorFile(const std::string &path);

/// Throws one Error of all `mismatches`, sentences that get the path in front;
/// of more than twenty it gives the number.
[[noreturn]] void throwMismatches(const std::string &path,
                                  const std::vector<std::string> &mismatches);

} // namespace dit::runtime

#endif // DIT_RUNTIME_TENSORFILE_H
