// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Stored dtypes to float32, and the safetensors writer.
#include "runtime/Error.h"
#include "runtime/OutputFile.h"
#include "runtime/Safetensors.h"

#include <nlohmann/json.hpp>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace dit::runtime {

bool isFloatDtype(const std::string &dtype) {
  return dtype == "F64" || dtype == "F32" || dtype == "F16" ||
         dtype == "BF16" || dtype == "F8_E4M3" || dtype == "F8_E5M2";
}

bool isIntegerDtype(const std::string &dtype) {
  return dtype == "I64" || dtype == "I32";
}

/// The element `i` of an array at any alignment.
template <typename T> static T load(const char *from, int64_t i) {
  T value;
  std::memcpy(&value, from + i * static_cast<int64_t>(sizeof(T)), sizeof(T));
  return value;
}

/// IEEE half to float without branches on the value's class, so that it
/// vectorises: shifting the exponent by a multiplication also handles
/// subnormals.
static float halfToFloat(uint16_t half) {
  uint32_t sign = (half & 0x8000u) << 16;
  uint32_t magnitude = (half & 0x7fffu) << 13;
  float scaled = std::bit_cast<float>(magnitude) * 0x1p112f;
  uint32_t bits = std::bit_cast<uint32_t>(scaled);
  // Infinities and NaNs come out as 2^16 and above; they keep their payload.
  bits = scaled >= 65536.0f ? bits | 0x7f800000u : bits;
  return std::bit_cast<float>(bits | sign);
}

/// Four bits of exponent with bias 7, three of mantissa; no infinities, and NaN
/// where all are set.
static float e4m3ToFloat(uint8_t bits) {
  int exponent = bits >> 3 & 15, mantissa = bits & 7;
  float magnitude = exponent == 0 ? std::ldexp(static_cast<float>(mantissa), -9)
                                  : std::ldexp(static_cast<float>(8 + mantissa),
                                               exponent - 10);
  if ((bits & 0x7f) == 0x7f)
    magnitude = std::numeric_limits<float>::quiet_NaN();
  return bits & 0x80 ? -magnitude : magnitude;
}

template <typename T, typename F>
static void convert(const char *from, int64_t count, float *to, F toFloat) {
  for (int64_t i = 0; i < count; ++i)
    to[i] = toFloat(load<T>(from, i));
}

void convertToFloat(const std::string &dtype, const char *from, int64_t count,
                    float *to) {
  auto cast = [](auto v) { return static_cast<float>(v); };
  if (dtype == "F32" && count == 0)
    return; // there may be no address to copy to
  if (dtype == "F32")
    std::memcpy(to, from, static_cast<size_t>(count) * sizeof(float));
  else if (dtype == "F16")
    convert<uint16_t>(from, count, to, halfToFloat);
  else if (dtype == "BF16")
    convert<uint16_t>(from, count, to, [](uint16_t v) {
      return std::bit_cast<float>(uint32_t{v} << 16);
    });
  else if (dtype == "F8_E4M3")
    convert<uint8_t>(from, count, to, e4m3ToFloat);
  else if (dtype == "F8_E5M2") // the upper half of a half
    convert<uint8_t>(from, count, to, [](uint8_t v) {
      return halfToFloat(static_cast<uint16_t>(v << 8));
    });
  else if (dtype == "F64")
    convert<double>(from, count, to, cast);
  else if (dtype == "I64")
    convert<int64_t>(from, count, to, cast);
  else if (dtype == "I32")
    convert<int32_t>(from, count, to, cast);
  else
    fail("a tensor of dtype {} cannot be read as float32", inQuotes(dtype));
}

void writeSafetensors(OutputFile &file,
                      const std::vector<TensorToWrite> &tensors,
                      const std::map<std::string, std::string> &metadata) {
  nlohmann::ordered_json header;
  if (!metadata.empty())
    header["__metadata__"] = metadata;
  size_t end = 0;
  for (const TensorToWrite &t : tensors) {
    size_t begin = end;
    end += t.values.size_bytes();
    header[t.name] = {
        {"dtype", "F32"}, {"shape", t.shape}, {"data_offsets", {begin, end}}};
  }
  std::string text =
      header.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  text.resize((text.size() + 7) / 8 * 8, ' '); // the data begins aligned
  uint64_t length = text.size();
  file.write(&length, sizeof(length));
  file.write(text);
  for (const TensorToWrite &t : tensors)
    file.write(t.values.data(), t.values.size_bytes());
}

} // namespace dit::runtime
