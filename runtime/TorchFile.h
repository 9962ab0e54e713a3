// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What torch.save writes: a zip archive of a pickle and of storages.
#ifndef DIT_RUNTIME_TORCHFILE_H
#define DIT_RUNTIME_TORCHFILE_H

#include "runtime/TensorFile.h"

namespace dit::runtime {

/// The tensors of the state dict that StateDict.h finds; whatever else the file
/// holds is skipped, and nothing in it is executed.
class TorchFile : public TensorFile {
public:
  TorchFile(const std::string &path, const std::string &key);

private:
  void readArchive(const std::string &key);
};

} // namespace dit::runtime

#endif // DIT_RUNTIME_TORCHFILE_H
