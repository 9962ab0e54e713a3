// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The header of a .npy file is a Python dict in one line; a reader of just the
// three keys that numpy writes.
#include "runtime/NpyArray.h"

#include "runtime/Error.h"
#include "runtime/Safetensors.h"
#include "runtime/ZipFile.h"

#include <charconv>
#include <cstring>

namespace dit::runtime {
namespace {

/// Takes a header apart from left to right.
class HeaderReader {
public:
  explicit HeaderReader(std::string_view text) : rest(text) {}

  bool take(std::string_view token) {
    size_t at = rest.find_first_not_of(" \n");
    rest.remove_prefix(at == std::string_view::npos ? rest.size() : at);
    if (!rest.starts_with(token))
      return false;
    rest.remove_prefix(token.size());
    return true;
  }
  void expect(std::string_view token) {
    if (!take(token))
      fail("the header of the array must have {} where it has {}",
           inQuotes(token), inQuotes(rest));
  }
  std::string string() {
    expect("'");
    size_t end = rest.find('\'');
    if (end == std::string_view::npos)
      fail("the header of the array has a string without an end");
    std::string text(rest.substr(0, end));
    rest.remove_prefix(end + 1);
    return text;
  }
  int64_t number() {
    take(" "); // skips blanks
    int64_t value = 0;
    auto [end, error] =
        std::from_chars(rest.data(), rest.data() + rest.size(), value);
    if (error != std::errc() || value < 0)
      fail("the header of the array must have a size where it has {}",
           inQuotes(rest));
    rest.remove_prefix(end - rest.data());
    return value;
  }

private:
  std::string_view rest;
};

std::vector<int64_t> readShape(HeaderReader &header) {
  std::vector<int64_t> shape;
  header.expect("(");
  while (!header.take(")")) {
    shape.push_back(header.number());
    if (!header.take(",")) {
      header.expect(")");
      break;
    }
  }
  return shape;
}

NpyArray readHeader(std::string_view text) {
  NpyArray array;
  bool hasType = false, hasOrder = false, hasShape = false;
  HeaderReader header(text);
  header.expect("{");
  while (!header.take("}")) {
    std::string key = header.string();
    header.expect(":");
    if (key == "descr") {
      array.dtype = header.string();
      hasType = true;
    } else if (key == "fortran_order") {
      if (!header.take("False"))
        fail("the array must be in C order, but is in Fortran order");
      hasOrder = true;
    } else if (key == "shape") {
      array.shape = readShape(header);
      hasShape = true;
    } else {
      fail("the header of the array has the unknown key {}", inQuotes(key));
    }
    header.take(",");
  }
  if (!hasType || !hasOrder || !hasShape)
    fail("the header of the array must have descr, fortran_order and shape");
  return array;
}

/// Bytes of an element: the digits at the end of "<f4". Of texts ("<U9"),
/// objects and records no digits are bytes.
int64_t elementBytes(std::string_view dtype) {
  int64_t bytes = 0;
  if (dtype.size() > 2 &&
      std::string_view("biufc").find(dtype[1]) != std::string_view::npos)
    std::from_chars(dtype.data() + 2, dtype.data() + dtype.size(), bytes);
  if (bytes < 1 || bytes > 64)
    fail("an array of type {} is no array of numbers", inQuotes(dtype));
  return bytes;
}

} // namespace

int64_t NpyArray::elements() const {
  int64_t count = 1;
  for (int64_t size : shape)
    if (__builtin_mul_overflow(count, size, &count))
      fail("the array's sizes exceed what a machine has");
  return count;
}

NpyArray readNpy(std::string_view file) {
  if (!file.starts_with("\x93NUMPY") || file.size() < 12)
    fail("not an array of numpy: it must begin with \\x93NUMPY");
  int version = static_cast<unsigned char>(file[6]);
  if (version < 1 || version > 3)
    fail("an array of numpy's format {}, but 1 to 3 are known", version);
  size_t lengthBytes = version == 1 ? 2 : 4, length = 0;
  std::memcpy(&length, file.data() + 8, lengthBytes);
  size_t begin = 8 + lengthBytes;
  if (length > file.size() - begin)
    fail("the header of the array would take {} bytes of {}", length,
         file.size() - begin);
  NpyArray array = readHeader(file.substr(begin, length));
  array.data = file.substr(begin + length);
  int64_t bytes;
  if (__builtin_mul_overflow(array.elements(), elementBytes(array.dtype),
                             &bytes) ||
      static_cast<size_t>(bytes) != array.data.size())
    fail("an array of {} elements of type {} does not fill {} bytes",
         array.elements(), array.dtype, array.data.size());
  return array;
}

std::vector<double> NpyArray::toDoubles() const {
  auto read = [&]<typename T>(T) {
    std::vector<double> values(elements());
    for (size_t i = 0; i < values.size(); ++i) {
      T value;
      std::memcpy(&value, data.data() + i * sizeof(T), sizeof(T));
      values[i] = static_cast<double>(value);
    }
    return values;
  };
  if (dtype == "<f2") {
    std::vector<float> values(elements());
    convertToFloat("F16", data.data(), elements(), values.data());
    return {values.begin(), values.end()};
  }
  if (dtype == "<f4")
    return read(float());
  if (dtype == "<f8")
    return read(double());
  fail("an array of type {}, but <f2, <f4 or <f8 is needed", inQuotes(dtype));
}

static constexpr std::string_view kEnding = ".npy";

std::vector<std::string> npzNames(std::string_view file) {
  std::vector<std::string> names;
  for (const auto &[name, entry] : readZip(file))
    if (name.ends_with(kEnding))
      names.push_back(name.substr(0, name.size() - kEnding.size()));
  return names;
}

std::map<std::string, NpyArray> readNpz(std::string_view file,
                                        const std::vector<std::string> &names) {
  std::map<std::string, NpyArray> arrays;
  std::map<std::string, ZipEntry> entries = readZip(file);
  for (const std::string &name : names) {
    auto it = entries.find(name + std::string(kEnding));
    if (it == entries.end())
      continue;
    const ZipEntry &entry = it->second;
    try {
      std::string_view bytes = file.substr(entry.begin, entry.bytes);
      std::shared_ptr<const std::string> content;
      if (entry.isDeflated) {
        content =
            std::make_shared<std::string>(inflate(bytes, entry.contentBytes));
        bytes = *content;
      }
      NpyArray array = readNpy(bytes);
      array.owned = std::move(content);
      arrays.emplace(name, std::move(array));
    } catch (const Error &e) {
      fail("array {}: {}", inQuotes(name), e.sentences()[0]);
    }
  }
  return arrays;
}

} // namespace dit::runtime
