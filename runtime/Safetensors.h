// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The safetensors format: eight bytes of header length, a JSON header, the
// tensors' bytes. Reader and writer.
#ifndef DIT_RUNTIME_SAFETENSORS_H
#define DIT_RUNTIME_SAFETENSORS_H

#include "runtime/TensorFile.h"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace dit::runtime {

/// A file whose every length, offset, dtype, shape and overlap was checked.
/// Errors begin with the file's path.
class SafetensorsFile : public TensorFile {
public:
  explicit SafetensorsFile(const std::string &path,
                           const std::string &key = "");

private:
  void readHeader();
  void checkLayout(size_t dataBytes) const;
};

/// Bytes of an element, 0 for an unknown dtype.
size_t dtypeSize(const std::string &dtype);

/// True for the floats that convertToFloat reads, which kFloatDtypes lists.
bool isFloatDtype(const std::string &dtype);
constexpr const char *kFloatDtypes = "F64, F32, F16, BF16, F8_E4M3 or F8_E5M2";
bool isIntegerDtype(const std::string &dtype);

/// `count` elements at `from` (any alignment) as float32, rounded to nearest
/// even where the dtype holds more. F64, F32, F16, BF16, F8_E4M3, F8_E5M2, I64,
/// I32.
void convertToFloat(const std::string &dtype, const char *from, int64_t count,
                    float *to);

/// A float32 tensor to write.
struct TensorToWrite {
  std::string name;
  std::vector<int64_t> shape;
  std::span<const float> values;
};

class OutputFile;

/// Writes `tensors` and, as the header's `__metadata__`, `metadata`.
void writeSafetensors(OutputFile &file,
                      const std::vector<TensorToWrite> &tensors,
                      const std::map<std::string, std::string> &metadata);

} // namespace dit::runtime

#endif // DIT_RUNTIME_SAFETENSORS_H
