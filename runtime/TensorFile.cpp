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

std::unique_ptr<TensorFile> openTensorFile(const std::string &path) {
  if (path.ends_with(ShardedFile::ending))
    return std::make_unique<ShardedFile>(path);
  {
    MappedFile file(path);
    std::string_view bytes = file.bytes();
    // A pickle of the number that torch.save began files with before 1.6.
    if (bytes.starts_with("\x80\x02\x8a\x0al\xfc\x9c\x46\xf9\x20\x6a\xa8\x50"))
      fail("{}: is in the format that torch.save wrote before PyTorch 1.6: "
           "load it and save it again",
           path);
    if (bytes.starts_with("PK\x03\x04"))
      return std::make_unique<TorchFile>(path);
  }
  return std::make_unique<SafetensorsFile>(path);
}

void throwMismatches(const std::string &path,
                     const std::vector<std::string> &mismatches) {
  constexpr size_t most = 20;
  std::vector<std::string> errors;
  for (size_t i = 0; i < std::min(most, mismatches.size()); ++i)
    errors.push_back(fmt::format("{}: {}", path, mismatches[i]));
  if (mismatches.size() > most)
    errors.push_back(fmt::format("{}: and {} more mismatches", path,
                                 mismatches.size() - most));
  throw Error(std::move(errors));
}

} // namespace dit::runtime
