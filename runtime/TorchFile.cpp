// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The pickle says which bytes of which storage a tensor is; all of it is
// checked against the archive before anything is read.
#include "runtime/TorchFile.h"

#include "runtime/Error.h"
#include "runtime/Manifest.h"
#include "runtime/Pickle.h"
#include "runtime/Safetensors.h"
#include "runtime/StateDict.h"
#include "runtime/ZipFile.h"

#include <algorithm>

namespace dit::runtime {
namespace {

using Kind = PickleValue::Kind;
using Archive = std::map<std::string, ZipEntry>;

/// "F32" for torch.FloatStorage; fails for a storage of another dtype.
std::string dtypeOf(const PickleValue &storage, const std::string &tensor) {
  static const std::map<std::string_view, const char *> dtypes = {
      {"torch\nFloatStorage", "F32"},         {"torch\nHalfStorage", "F16"},
      {"torch\nDoubleStorage", "F64"},        {"torch\nLongStorage", "I64"},
      {"torch\nIntStorage", "I32"},           {"torch\nShortStorage", "I16"},
      {"torch\nCharStorage", "I8"},           {"torch\nByteStorage", "U8"},
      {"torch\nBFloat16Storage", "BF16"},     {"torch\nBoolStorage", "BOOL"},
      {"torch.storage\nUntypedStorage", "U8"}};
  auto it = storage.is(Kind::Global) ? dtypes.find(storage.text) : dtypes.end();
  if (it == dtypes.end())
    fail("{} is of the storage {}, which is not read", inQuotes(tensor),
         inQuotes(storage.dottedName()));
  return it->second;
}

/// The tuple's integers, none negative.
std::vector<int64_t> integers(const PickleValue &tuple,
                              const std::string &tensor) {
  std::vector<int64_t> result;
  for (const PickleValue *item : tuple.items) {
    if (!item->is(Kind::Integer) || item->number < 0)
      fail("{} has a size or stride that is not a number from 0 on",
           inQuotes(tensor));
    result.push_back(item->number);
  }
  if (!tuple.is(Kind::Tuple) || result.size() > 16)
    fail("{} has a shape that is none", inQuotes(tensor));
  return result;
}

/// The elements of `shape`, which must follow on each other in a storage of
/// `available`.
int64_t checkedElements(const std::string &tensor,
                        const std::vector<int64_t> &shape,
                        const std::vector<int64_t> &strides,
                        int64_t available) {
  if (shape.size() != strides.size())
    fail("{} has {} dimensions, but {} strides", inQuotes(tensor), shape.size(),
         strides.size());
  if (std::count(shape.begin(), shape.end(), 0) > 0)
    return 0;
  int64_t product = 1;
  bool inOrder = true;
  for (size_t i = shape.size(); i-- > 0;) {
    inOrder &= shape[i] == 1 || strides[i] == product;
    if (shape[i] > available / product)
      fail("{} is {}, more than its storage has after the tensor's begin: {} "
           "elements",
           inQuotes(tensor), showShape(shape), available);
    product *= shape[i];
  }
  if (!inOrder)
    fail("{} ({}) is not stored in the order of its dimensions: save it with "
         ".contiguous()",
         inQuotes(tensor), showShape(shape));
  return product;
}

void checkStored(const std::string &name, const ZipEntry &entry) {
  if (entry.isDeflated)
    fail("entry {} is deflated, but entries must be stored uncompressed",
         inQuotes(name));
}

/// The storage that a persistent id names: ("storage", type, key, device,
/// elements).
struct Storage {
  std::string dtype;
  ZipEntry entry;
  int64_t elements;
};

Storage readStorage(const PickleValue &value, const std::string &tensor,
                    const std::string &folder, const Archive &archive) {
  const PickleValue *id = value.is(Kind::Persistent) ? value.items[0] : nullptr;
  if (!id || !id->is(Kind::Tuple) || id->items.size() != 5 ||
      !id->items[0]->is(Kind::Text) || id->items[0]->text != "storage" ||
      !id->items[2]->is(Kind::Text) || !id->items[4]->is(Kind::Integer))
    fail("{} has no storage as torch.save writes it", inQuotes(tensor));
  Storage s{dtypeOf(*id->items[1], tensor), {}, id->items[4]->number};
  std::string name = folder + "data/" + std::string(id->items[2]->text);
  auto it = archive.find(name);
  if (it == archive.end())
    fail("{} is in the archive's entry {}, which is missing", inQuotes(tensor),
         inQuotes(name));
  s.entry = it->second;
  checkStored(name, s.entry);
  size_t size = dtypeSize(s.dtype);
  if (s.elements < 0 || s.entry.bytes % size != 0 ||
      s.entry.bytes / size != static_cast<uint64_t>(s.elements))
    fail("{} is in the archive's entry {} of {} bytes, which should have {} "
         "elements of {}",
         inQuotes(tensor), inQuotes(name), s.entry.bytes, s.elements, s.dtype);
  return s;
}

/// Bytes as elements of the dtype that is named apart.
void retype(Storage &s, const PickleValue &dtype, const std::string &tensor) {
  static const std::map<std::string_view, const char *> dtypes = {
      {"torch\nfloat8_e4m3fn", "F8_E4M3"},
      {"torch\nfloat8_e5m2", "F8_E5M2"},
      {"torch\nfloat32", "F32"},
      {"torch\nfloat16", "F16"},
      {"torch\nbfloat16", "BF16"},
      {"torch\nfloat64", "F64"},
      {"torch\nuint16", "U16"},
      {"torch\nuint32", "U32"},
      {"torch\nuint64", "U64"}};
  auto it = dtype.is(Kind::Global) ? dtypes.find(dtype.text) : dtypes.end();
  if (it == dtypes.end())
    fail("{} is of the dtype {}, which is not read", inQuotes(tensor),
         inQuotes(dtype.dottedName()));
  s.elements = static_cast<int64_t>(s.entry.bytes / dtypeSize(it->second));
  s.dtype = it->second;
}

/// The tensor that a state dict's value is; arguments of _rebuild_tensor_v2:
/// storage, offset, shape, strides, requires_grad, hooks; of _v3 then a dtype.
StoredTensor readTensor(const PickleValue &call, const std::string &name,
                        const std::string &folder, const Archive &archive) {
  const PickleValue *value = &call, *arguments = call.items[1];
  std::string_view callee = call.items[0]->text;
  if (callee == "torch._utils\n_rebuild_parameter" &&
      arguments->is(Kind::Tuple) && !arguments->items.empty() &&
      arguments->items[0]->is(Kind::Call)) {
    value = arguments->items[0];
    arguments = value->items[1];
    callee = value->items[0]->text;
  }
  // The third version has a dtype apart, of a storage of bytes.
  bool hasDtype = callee == "torch._utils\n_rebuild_tensor_v3";
  if ((callee != "torch._utils\n_rebuild_tensor_v2" && !hasDtype) ||
      !arguments->is(Kind::Tuple) ||
      arguments->items.size() < (hasDtype ? 7 : 6) ||
      !arguments->items[1]->is(Kind::Integer))
    fail("{} is made by {}, which is not read", inQuotes(name),
         inQuotes(value->dottedName()));
  Storage s = readStorage(*arguments->items[0], name, folder, archive);
  if (hasDtype)
    retype(s, *arguments->items[6], name);
  int64_t offset = arguments->items[1]->number;
  if (offset < 0 || offset > s.elements)
    fail("{} begins at element {} of a storage of {}", inQuotes(name), offset,
         s.elements);
  StoredTensor t;
  t.dtype = s.dtype;
  t.shape = integers(*arguments->items[2], name);
  int64_t elements = checkedElements(
      name, t.shape, integers(*arguments->items[3], name), s.elements - offset);
  size_t size = dtypeSize(s.dtype);
  t.begin = s.entry.begin + static_cast<size_t>(offset) * size;
  t.bytes = static_cast<size_t>(elements) * size;
  return t;
}

/// The folder in which everything of the archive lies: "archive/".
std::string folderOf(const Archive &archive) {
  for (const auto &[name, entry] : archive) {
    size_t slash = name.find('/');
    if (slash != std::string::npos && name.substr(slash) == "/data.pkl")
      return name.substr(0, slash + 1);
  }
  fail("not a PyTorch file: the zip archive has no entry data.pkl");
}

} // namespace

TorchFile::TorchFile(const std::string &path, const std::string &key)
    : TensorFile(path) {
  try {
    readArchive(key);
  } catch (const Error &e) {
    throw Error(path + ": " + e.what());
  }
}

void TorchFile::readArchive(const std::string &key) {
  Archive archive =
      readZip(ZipBytes{file.size(), [this](size_t begin, size_t count) {
                         return file.text(begin, count);
                       }});
  std::string folder = folderOf(archive);
  auto text = [&](const std::string &name, const ZipEntry &e) {
    checkStored(name, e);
    return file.text(e.begin, e.bytes);
  };
  if (auto it = archive.find(folder + "byteorder"); it != archive.end())
    if (std::string order = text(it->first, it->second); order != "little")
      fail("was written on a machine of byte order {}, only little is read",
           inQuotes(order));
  std::string name = folder + "data.pkl";
  std::string bytes = text(name, archive.at(name));
  Pickle pickle(bytes);
  StateDict found = findStateDict(pickle.root(), key);
  const PickleValue &dict = *found.dict;
  for (size_t i = 0; i < dict.items.size(); i += 2) {
    if (!dict.items[i]->is(Kind::Text) || !dict.items[i + 1]->is(Kind::Call))
      continue; // not a tensor: the number of an epoch, an optimizer's state
    std::string name(dict.items[i]->text);
    if (!name.starts_with(found.rest))
      continue;
    StoredTensor tensor = readTensor(*dict.items[i + 1], name, folder, archive);
    entries[name.substr(found.rest.size())] = std::move(tensor);
  }
  for (const std::string &empty : found.passedOver)
    notes.push_back(
        fmt::format("{} has no tensors and is passed over", inQuotes(empty)));
  if (entries.empty())
    fail("holds no tensors under {}", inQuotes(key));
  std::string part = found.key;
  if (!found.rest.empty())
    part +=
        (part.empty() ? "" : ".") + found.rest.substr(0, found.rest.size() - 1);
  if (!part.empty())
    notes.push_back(fmt::format("the weights are {}, {} tensors",
                                inQuotes(part), entries.size()));
}

} // namespace dit::runtime
