// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/commands/InputTensors.h"

#include "runtime/Error.h"
#include "runtime/Safetensors.h"

#include <fmt/ranges.h>

#include <charconv>
#include <cmath>
#include <cstring>
#include <filesystem>

namespace dit::runtime {

int64_t rowsOf(const TensorFile &file, const PortEntry &input,
               const StoredTensor &t) {
  int64_t rows = t.shape.empty() ? 0 : t.shape[0];
  std::vector<int64_t> expected{rows};
  expected.insert(expected.end(), input.shape.begin(), input.shape.end());
  if (rows < 1 || t.shape != expected)
    fail("{}: '{}' is {}, the model expects N{}{}", file.path(), input.name,
         showShape(t.shape), input.shape.empty() ? "" : "x",
         input.shape.empty() ? "" : showShape(input.shape));
  return rows;
}

static std::string readFloatRows(const TensorFile &file, const PortEntry &input,
                                 const StoredTensor &t) {
  // What is one number a sample may be written as a whole one.
  bool integersToo = input.shape.empty();
  if (!isFloatDtype(t.dtype) && !(integersToo && isIntegerDtype(t.dtype)))
    fail("{}: '{}' must be of dtype {}{}, but is {}", file.path(), input.name,
         kFloatDtypes, integersToo ? ", I32 or I64" : "", t.dtype);
  std::vector<float> values(static_cast<size_t>(t.elements()));
  readFloats(file, t, values.data());
  for (size_t i = 0; input.choices > 0 && i < values.size(); ++i)
    if (float value = values[i];
        !(value >= 0 && value < input.choices && value == std::floor(value)))
      fail("{}: '{}' has {} at {}, which is none of 0 .. {} that the model "
           "learned",
           file.path(), input.name, value, i, input.choices - 1);
  return {reinterpret_cast<const char *>(values.data()), values.size() * 4};
}

static std::string readIntegerRows(const TensorFile &file,
                                   const PortEntry &input,
                                   const StoredTensor &t) {
  if (!isIntegerDtype(t.dtype))
    fail("{}: '{}' must be of dtype I32 or I64, but is {}", file.path(),
         input.name, t.dtype);
  int64_t lowest = INT32_MIN, highest = INT32_MAX;
  if (input.choices > 0) {
    lowest = 0;
    highest = input.choices - 1;
  }
  std::string bytes(t.bytes, '\0'), values;
  file.readBytes(t, bytes.data());
  for (int64_t i = 0; i < t.elements(); ++i) {
    int64_t value = 0;
    int32_t narrow;
    if (t.dtype == "I64") {
      std::memcpy(&value, bytes.data() + i * 8, 8);
    } else {
      std::memcpy(&narrow, bytes.data() + i * 4, 4);
      value = narrow;
    }
    if (value < lowest || value > highest)
      fail("{}: '{}' has {} at {}, outside {} .. {}", file.path(), input.name,
           value, i, lowest, highest);
    narrow = static_cast<int32_t>(value);
    values.append(reinterpret_cast<const char *>(&narrow), sizeof(narrow));
  }
  return values;
}

InputRows readRows(const TensorFile &file, const PortEntry &input,
                   const StoredTensor &t) {
  int64_t rows = rowsOf(file, input, t);
  return {input.dtype == "i32" ? readIntegerRows(file, input, t)
                               : readFloatRows(file, input, t),
          rows};
}

namespace {

/// What stands behind the name and the sign of --input or --null.
struct GivenInput {
  const PortEntry *port;
  std::string value;
};

GivenInput split(const Manifest &manifest, const char *flag,
                 const std::string &given) {
  size_t sign = given.find('=');
  if (sign == std::string::npos || sign == 0 || sign + 1 == given.size())
    failFlag("{} must be NAME=FILE, but is {}", flag, inQuotes(given));
  std::string name = given.substr(0, sign);
  const PortEntry *port = manifest.findInput(name);
  if (!port) {
    std::vector<std::string> names;
    for (const PortEntry &input : manifest.inputs)
      if (input.name != "x" && input.name != "t")
        names.push_back(input.name);
    failFlag("{}: the model has no input {}, but {}", flag, inQuotes(name),
             names.empty() ? "x and t alone"
                           : fmt::format("{}", fmt::join(names, ", ")));
  }
  return {port, given.substr(sign + 1)};
}

/// One number for all samples, where `text` is one.
std::optional<InputRows> numberOf(const PortEntry &port,
                                  const std::string &text) {
  if (!port.shape.empty())
    return std::nullopt;
  const char *end = text.data() + text.size();
  auto bytesOf = [](auto value) {
    return InputRows{{reinterpret_cast<const char *>(&value), sizeof(value)},
                     1};
  };
  if (port.dtype == "i32") {
    int32_t value;
    auto [at, problem] = std::from_chars(text.data(), end, value);
    if (problem == std::errc() && at == end)
      return bytesOf(value);
    return std::nullopt;
  }
  float value;
  auto [at, problem] = std::from_chars(text.data(), end, value);
  if (problem == std::errc() && at == end)
    return bytesOf(value);
  return std::nullopt;
}

/// The tensor of FILE or FILE:TENSOR. A path that has a colon itself is taken
/// as it is where there is such a file.
InputRows readFrom(const PortEntry &port, const std::string &text) {
  std::string path = text, tensor;
  size_t colon = text.rfind(':');
  if (colon != std::string::npos && !std::filesystem::exists(text)) {
    path = text.substr(0, colon);
    tensor = text.substr(colon + 1);
  }
  std::unique_ptr<TensorFile> file = openTensorFile(path);
  const StoredTensor *t = file->find(tensor.empty() ? port.name : tensor);
  if (!t && tensor.empty() && file->tensors().size() == 1)
    t = &file->tensors().begin()->second;
  if (!t) {
    std::vector<std::string> names;
    for (const auto &[name, stored] : file->tensors())
      if (names.size() < 8)
        names.push_back(name);
    fail("{}: there is no tensor {}, but {}{}", path,
         inQuotes(tensor.empty() ? port.name : tensor), fmt::join(names, ", "),
         file->tensors().size() > names.size() ? ", .." : "");
  }
  return readRows(*file, port, *t);
}

} // namespace

std::map<std::string, InputRows>
readInputs(const Manifest &manifest, const std::vector<std::string> &given) {
  std::map<std::string, InputRows> inputs;
  for (const std::string &text : given) {
    GivenInput input = split(manifest, "--input", text);
    if (inputs.contains(input.port->name))
      failFlag("--input {} is given twice", input.port->name);
    std::optional<InputRows> number = numberOf(*input.port, input.value);
    inputs[input.port->name] =
        number ? *number : readFrom(*input.port, input.value);
  }
  return inputs;
}

std::map<std::string, NullValue>
readNulls(const Manifest &manifest, const std::vector<std::string> &given) {
  std::map<std::string, NullValue> nulls;
  for (const std::string &text : given) {
    GivenInput input = split(manifest, "--null", text);
    if (nulls.contains(input.port->name))
      failFlag("--null {} is given twice", input.port->name);
    NullValue &null = nulls[input.port->name];
    if (input.value == "zeros" || input.value == "same") {
      null.kind = input.value == "same" ? NullValue::Same : NullValue::Zeros;
      continue;
    }
    std::optional<InputRows> number = numberOf(*input.port, input.value);
    InputRows rows = number ? *number : readFrom(*input.port, input.value);
    if (rows.rows != 1)
      fail("--null {}: expected one row, but {} has {}", input.port->name,
           input.value, rows.rows);
    null = {NullValue::Value, std::move(rows.values)};
  }
  return nulls;
}

} // namespace dit::runtime
