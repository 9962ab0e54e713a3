// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What torch.save writes: a zip archive of a pickle and of storages.
#ifndef DIT_RUNTIME_TORCHFILE_H
#define DIT_RUNTIME_TORCHFILE_H

#include "runtime/TensorFile.h"

namespace dit::runtime {

/// The tensors of a state dict. Of a training checkpoint that is its `ema`, or
/// else its `model` or `state_dict`; whatever else it holds is skipped, and
/// nothing in it is executed.
class TorchFile : public TensorFile {
public:
  explicit TorchFile(const std::string &path);

private:
  void readArchive();
};

} // namespace dit::runtime

#endif // DIT_RUNTIME_TORCHFILE_H
