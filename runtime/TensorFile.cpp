// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the formats share, and which of them a file is.
#include "runtime/TensorFile.h"

#include "runtime/Error.h"
#include "runtime/Safetensors.h"
#include "runtime/TorchFile.h"

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

} // namespace dit::runtime
