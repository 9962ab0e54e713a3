// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Weight files, safetensors and torch.save's: the tensors, and every value.
#include "Fuzz.h"
#include "MemoryFile.h"

#include "runtime/Error.h"
#include "runtime/Safetensors.h"

#include <vector>

using namespace dit::runtime;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  MemoryFile input(asText(data, size));
  try {
    auto file = openTensorFile(input.path());
    for (const auto &[name, tensor] : file->tensors()) {
      if (!isFloatDtype(tensor.dtype) && !isIntegerDtype(tensor.dtype))
        continue;
      std::vector<float> values(tensor.elements());
      readFloats(*file, tensor, values.data());
    }
  } catch (const Error &) {
  }
  return 0;
}
