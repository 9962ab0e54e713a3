// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the formats share, and which of them a file is.
#include "runtime/TensorFile.h"

#include "runtime/Error.h"
#include "runtime/Safetensors.h"
#include "runtime/ShardedFile.h"
#include "runtime/TorchFile.h"

#include <algorithm>

namespace dit::runtime {

int64_t StoredTensor::elements() const {
  int64_t product = 1;
  for (int64_t d : shape)
    product *= d;
  return product;
}

const StoredTensor *TensorFile::find(const std::string &name) const {
  auto it = entries.find(name);
  return it == entries.end() ? nullptr : &it->second;
}

/// What a file is that begins so, and what to do.
struct OtherFormat {
  std::string_view start;
  const char *sentence;
};

constexpr OtherFormat kOthers[] = {
    {"version https://git-lfs",
     "is the pointer that git-LFS keeps in the place of a file: fetch the file "
     "itself (git lfs pull)"},
    {"<", "is a page of HTML or XML, as a failed download leaves it"},
    {"GGUF", "is a GGUF file: weights are read from safetensors or PyTorch "
             "files"},
    {"\x1f\x8b", "is compressed by gzip: unpack it"},
    {"\x28\xb5\x2f\xfd", "is compressed by zstd: unpack it"},
    {"\xfd"
     "7zXZ",
     "is compressed by xz: unpack it"},
    {"BZh", "is compressed by bzip2: unpack it"},
    {"7z\xbc\xaf", "is a 7z archive: unpack it"},
    {"Rar!", "is a rar archive: unpack it"},
    {"\x89HDF", "is an HDF5 file: weights are read from safetensors or PyTorch "
                "files"},
    {"\x93NUMPY", "is one array of numpy: weights are read from safetensors or "
                  "PyTorch files"},
    {"\x7f"
     "ELF",
     "is a program or shared library: weights are safetensors or PyTorch "
     "files"},
    {"{", "is JSON: the weights are in another file (an index of several ends "
          "in .index.json)"},
    // A pickle of the number that torch.save began files with before 1.6.
    {"\x80\x02\x8a\x0al\xfc\x9c\x46\xf9\x20\x6a\xa8\x50",
     "is in the format that torch.save wrote before PyTorch 1.6: load it and "
     "save it again"},
    {"\x80", "is a bare pickle: save the tensors with torch.save or "
             "safetensors"},
};

/// A safetensors file begins with a length, whose eighth byte is 0.
static bool mayBeSafetensors(std::string_view start) {
  return start.size() >= 9 && start[7] == 0 && start[8] == '{';
}

std::unique_ptr<TensorFile> openTensorFile(const std::string &path,
                                           const std::string &key) {
  if (path.ends_with(ShardedFile::ending))
    return std::make_unique<ShardedFile>(path, key);
  std::string start = InputFile(path).start(64);
  if (start.starts_with("PK\x03\x04"))
    return std::make_unique<TorchFile>(path, key);
  if (!mayBeSafetensors(start))
    for (const OtherFormat &other : kOthers)
      if (start.starts_with(other.start))
        fail("{}: {}", path, other.sentence);
  return std::make_unique<SafetensorsFile>(path, key);
}

void readFloats(const TensorFile &file, const StoredTensor &t, float *to) {
  if (t.dtype == "F32") {
    file.readBytes(t, reinterpret_cast<char *>(to));
    return;
  }
  std::vector<char> bytes(t.bytes);
  file.readBytes(t, bytes.data());
  convertToFloat(t.dtype, bytes.data(), t.elements(), to);
}

void TensorFile::keepOnly(const std::string &key) {
  if (key.empty())
    return;
  std::string begin = key + ".";
  std::map<std::string, StoredTensor> kept;
  for (auto &[name, tensor] : entries)
    if (name.starts_with(begin))
      kept.emplace(name.substr(begin.size()), tensor);
  if (kept.empty())
    fail("{}: has no tensors whose names begin with {}", path(),
         inQuotes(begin));
  notes.push_back(fmt::format("the weights are {}, {} tensors", inQuotes(key),
                              kept.size()));
  entries = std::move(kept);
}

void throwMismatches(const std::string &path,
                     const std::vector<std::string> &mismatches,
                     const std::vector<std::string> &hints) {
  constexpr size_t most = 20;
  std::vector<std::string> errors;
  for (size_t i = 0; i < std::min(most, mismatches.size()); ++i)
    errors.push_back(fmt::format("{}: {}", path, mismatches[i]));
  if (mismatches.size() > most)
    errors.push_back(fmt::format("{}: and {} more mismatches", path,
                                 mismatches.size() - most));
  for (const std::string &hint : hints)
    errors.push_back(fmt::format("{}: {}", path, hint));
  throw Error(std::move(errors));
}

} // namespace dit::runtime
