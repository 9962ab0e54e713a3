// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A file of named tensors, whatever its format.
#ifndef DIT_RUNTIME_TENSORFILE_H
#define DIT_RUNTIME_TENSORFILE_H

#include "runtime/InputFile.h"

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
  /// The bytes of a tensor, copied.
  virtual void readBytes(const StoredTensor &t, char *to) const {
    file.read(t.begin, t.bytes, to);
  }
  /// What was chosen or passed over in the file: sentences without its path.
  const std::vector<std::string> &remarks() const { return notes; }

protected:
  explicit TensorFile(const std::string &path) : file(path) {}
  /// Of the names that begin with `key` and a dot, the rest; all for an empty
  /// one.
  void keepOnly(const std::string &key);

  InputFile file;
  std::map<std::string, StoredTensor> entries;
  std::vector<std::string> notes;
};

/// Opens `path`: the index of several files by its name (ShardedFile), a file
/// of torch.save by its first bytes, or else safetensors. A `key` names the
/// part of it to read: a dict of a checkpoint (StateDict.h), or what names
/// begin with. What the file is instead, where it is a well-known other thing,
/// is said.
std::unique_ptr<TensorFile> openTensorFile(const std::string &path,
                                           const std::string &key = "");

/// The values of a tensor as float32; `to` holds t.elements().
void readFloats(const TensorFile &file, const StoredTensor &t, float *to);

/// Throws one Error of all `mismatches`, sentences that get the path in front;
/// of more than twenty it gives the number. `hints` follow them.
[[noreturn]] void throwMismatches(const std::string &path,
                                  const std::vector<std::string> &mismatches,
                                  const std::vector<std::string> &hints = {});

} // namespace dit::runtime

#endif // DIT_RUNTIME_TENSORFILE_H
