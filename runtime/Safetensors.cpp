// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The reader: nothing in the header is believed before it was checked against
// the file's size.
#include "runtime/Safetensors.h"

#include "runtime/Error.h"
#include "runtime/Json.h"
#include "runtime/Manifest.h"

#include <algorithm>
#include <cstring>

namespace dit::runtime {

size_t dtypeSize(const std::string &dtype) {
  static const std::map<std::string, size_t> sizes = {
      {"F64", 8}, {"I64", 8}, {"U64", 8},  {"F32", 4},     {"I32", 4},
      {"U32", 4}, {"F16", 2}, {"BF16", 2}, {"I16", 2},     {"U16", 2},
      {"I8", 1},  {"U8", 1},  {"BOOL", 1}, {"F8_E4M3", 1}, {"F8_E5M2", 1}};
  auto it = sizes.find(dtype);
  return it == sizes.end() ? 0 : it->second;
}

/// The entry of tensor `name`, its bytes still relative to the data's begin.
static StoredTensor readEntry(const JsonReader &json, const std::string &name,
                              size_t dataBytes) {
  StoredTensor t;
  t.dtype = json.string("dtype");
  size_t size = dtypeSize(t.dtype);
  if (size == 0)
    fail("{} has the unknown dtype {}", inQuotes(name), inQuotes(t.dtype));
  constexpr int64_t largest = int64_t{1} << 60;
  t.shape = json.integers("shape", 0, largest);
  int64_t limit = largest / static_cast<int64_t>(size);
  for (int64_t d : t.shape)
    if (d > 0)
      limit /= d;
  if (limit == 0)
    fail("{} is {}, more elements than any file holds", inQuotes(name),
         showShape(t.shape));
  std::vector<int64_t> offsets = json.integers("data_offsets", 0, largest);
  if (offsets.size() != 2 || offsets[0] > offsets[1])
    fail("{} must have data_offsets [begin, end] with begin <= end",
         inQuotes(name));
  if (static_cast<uint64_t>(offsets[1]) > dataBytes)
    fail("{} ends at byte {} of the data, which has {} bytes: the file is "
         "truncated "
         "or damaged",
         inQuotes(name), offsets[1], dataBytes);
  t.begin = static_cast<size_t>(offsets[0]);
  t.bytes = static_cast<size_t>(offsets[1] - offsets[0]);
  size_t expected = static_cast<size_t>(t.elements()) * size;
  if (t.bytes != expected)
    fail("{} has {} bytes, but {} of {} need {}", inQuotes(name), t.bytes,
         showShape(t.shape), t.dtype, expected);
  return t;
}

SafetensorsFile::SafetensorsFile(const std::string &path,
                                 const std::string &key)
    : TensorFile(path) {
  try {
    readHeader();
  } catch (const Error &e) {
    if (e.sentences()[0].starts_with(path))
      throw;
    throw Error(path + ": " + e.what());
  }
  keepOnly(key);
}

void SafetensorsFile::readHeader() {
  constexpr size_t lengthBytes = 8;
  constexpr uint64_t longest = 100'000'000; // the format's own limit
  if (file.size() < lengthBytes)
    fail("not a safetensors file: it has {} bytes, fewer than the {} of the "
         "header's "
         "length",
         file.size(), lengthBytes);
  uint64_t length;
  file.read(0, lengthBytes, &length);
  if (length > longest)
    fail("not a safetensors file: its header would have {} bytes, the format "
         "allows "
         "{}",
         length, longest);
  if (length > file.size() - lengthBytes)
    fail(
        "truncated: the header has {} bytes, the file only {} after its length",
        length, file.size() - lengthBytes);
  std::string text = file.text(lengthBytes, length);
  if (text.empty() || text[0] != '{')
    fail("not a safetensors file: its header does not begin with '{{'");

  size_t dataBegin = lengthBytes + length;
  nlohmann::json header = parseJson(text, "the header");
  for (const auto &[name, value] : header.items()) {
    if (name == "__metadata__") {
      JsonReader metadata(value, "header key '__metadata__'");
      for (const auto &[key, v] : value.items())
        metadata.string(key.c_str());
      continue;
    }
    JsonReader json(value, fmt::format("tensor {}", inQuotes(name)));
    entries.emplace(name, readEntry(json, name, file.size() - dataBegin));
  }
  checkLayout(file.size() - dataBegin);
  for (auto &[name, tensor] : entries)
    tensor.begin += dataBegin;
}

/// The tensors must cover the data without overlap or hole.
void SafetensorsFile::checkLayout(size_t dataBytes) const {
  std::vector<std::pair<const std::string *, const StoredTensor *>> order;
  for (const auto &[name, tensor] : entries)
    order.emplace_back(&name, &tensor);
  std::sort(order.begin(), order.end(), [](const auto &a, const auto &b) {
    return std::pair(a.second->begin, a.second->bytes) <
           std::pair(b.second->begin, b.second->bytes);
  });
  size_t end = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    const auto &[name, tensor] = order[i];
    if (tensor->begin < end)
      fail("{} begins at byte {} of the data, inside {}, which ends at {}",
           inQuotes(*name), tensor->begin, inQuotes(*order[i - 1].first), end);
    if (tensor->begin > end)
      fail("bytes {} to {} of the data belong to no tensor", end,
           tensor->begin);
    end = tensor->begin + tensor->bytes;
  }
  if (end != dataBytes)
    fail("bytes {} to {} of the data belong to no tensor", end, dataBytes);
}

} // namespace dit::runtime
