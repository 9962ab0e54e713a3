// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Files as torch.save writes them, and ones that lie, made part by part.
#ifndef DIT_TEST_UNIT_RUNTIME_TORCHARCHIVE_H
#define DIT_TEST_UNIT_RUNTIME_TORCHARCHIVE_H

#include "Fixture.h"

#include "runtime/TensorFile.h"

#include <optional>

namespace dit::runtime::test {

/// Files that torch.save wrote.
inline const std::string saved = DIT_REPO "/test/golden/torch/";

template <typename T> std::string little(T value) {
  return std::string(reinterpret_cast<char *>(&value), sizeof(T));
}
inline std::string u16(size_t v) { return little(static_cast<uint16_t>(v)); }
inline std::string u32(size_t v) { return little(static_cast<uint32_t>(v)); }

/// An entry of a zip; fields that are set replace the true ones.
struct Part {
  std::string name, bytes;
  uint16_t method = 0, flags = 0;
  bool isZip64 = false;
  std::optional<uint32_t> stored = {}, size = {}, header = {};
  std::optional<std::string> localName = {};
};

inline std::string zip(const std::vector<Part> &parts,
                       const std::string &junk = "") {
  std::string file, directory;
  for (const Part &p : parts) {
    size_t header = p.header.value_or(file.size());
    size_t size = p.size.value_or(p.bytes.size());
    size_t stored = p.stored.value_or(size);
    std::string extra = p.isZip64 ? u16(7) + u16(1) + "?" + u16(1) + u16(24) +
                                        little(uint64_t{size}) +
                                        little(uint64_t{stored}) +
                                        little(uint64_t{header})
                                  : "";
    std::string sizes =
        p.isZip64 ? std::string(8, '\xff') : u32(stored) + u32(size);
    directory += "PK\x01\x02" + u16(45) + u16(45) + u16(p.flags) +
                 u16(p.method) + u32(0) + u32(0) + sizes + u16(p.name.size()) +
                 u16(extra.size()) + u16(0) + u16(0) + u16(0) + u32(0) +
                 u32(p.isZip64 ? 0xffffffff : header) + p.name + extra;
    std::string name = p.localName.value_or(p.name);
    file += "PK\x03\x04" + u16(45) + u16(p.flags) + u16(p.method) + u32(0) +
            u32(0) + sizes + u16(name.size()) + u16(5) + name +
            std::string("FB\1\0x", 5) + p.bytes;
  }
  size_t begin = file.size();
  return file + directory + junk + "PK\x05\x06" + u16(0) + u16(0) +
         u16(parts.size()) + u16(parts.size()) + u32(directory.size()) +
         u32(begin) + u16(0);
}

inline std::string text(const std::string &s) {
  return "X" + u32(s.size()) + s;
}
inline std::string global(const std::string &module, const std::string &name) {
  return "c" + module + "\n" + name + "\n";
}
inline std::string integer(int64_t v) { return "\x8a\x08" + little(v); }
inline std::string tuple(const std::vector<int64_t> &values) {
  std::string result = "(";
  for (int64_t v : values)
    result += integer(v);
  return result + "t";
}

/// A tensor as a pickle of torch.save has it.
struct SavedTensor {
  std::vector<int64_t> shape = {2}, strides = {1};
  std::string key = "0", storage = "FloatStorage";
  int64_t elements = 2, offset = 0;
  std::string pickled() const {
    return global("torch._utils", "_rebuild_tensor_v2") + "((" +
           text("storage") + global("torch", storage) + text(key) +
           text("cpu") + integer(elements) + "tQ" + integer(offset) +
           tuple(shape) + tuple(strides) + "\x89" +
           global("collections", "OrderedDict") + ")RtR";
  }
};

/// A pickle of a dict with one member.
inline std::string member(const std::string &key, const std::string &value) {
  return "\x80\x02}(" + text(key) + value + "u.";
}
/// An archive of a pickle and of storage 0, two floats.
inline std::string archive(const std::string &pickle) {
  return zip({{"a/data.pkl", pickle}, {"a/data/0", floats({1, 2})}});
}
inline std::string archiveOf(const SavedTensor &t) {
  return archive(member("w", t.pickled()));
}

class TorchFiles : public testing::Test {
protected:
  /// The error of opening a file of `bytes`, without the path.
  std::string errorOfFile(const std::string &bytes) {
    writeFile(path, bytes);
    std::string error = errorOf([&] { openTensorFile(path); });
    std::string prefix = path + ": ";
    EXPECT_EQ(error.substr(0, prefix.size()), error.empty() ? "" : prefix);
    EXPECT_EQ(error.find('\n'), std::string::npos) << "one sentence";
    return error.empty() ? "" : error.substr(prefix.size());
  }
  std::string errorOfPickle(const std::string &pickle) {
    return errorOfFile(archive(pickle));
  }
  std::string errorOfTensor(const SavedTensor &t) {
    return errorOfFile(archiveOf(t));
  }

  Folder folder;
  std::string path = folder / "w.pt";
};

} // namespace dit::runtime::test

#endif // DIT_TEST_UNIT_RUNTIME_TORCHARCHIVE_H
