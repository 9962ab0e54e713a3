// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Files that torch.save wrote, and hostile ones written here: zips and pickles
// that lie, bombs, and calls that must not happen.
#include "Fixture.h"

#include "runtime/Safetensors.h"
#include "runtime/Weights.h"

#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <optional>
#include <sstream>

namespace dit::runtime::test {
namespace {

const std::string saved = DIT_REPO "/test/golden/torch/";

template <typename T> std::string little(T value) {
  return std::string(reinterpret_cast<char *>(&value), sizeof(T));
}
std::string u16(size_t v) { return little(static_cast<uint16_t>(v)); }
std::string u32(size_t v) { return little(static_cast<uint32_t>(v)); }

/// An entry of a zip; fields that are set replace the true ones.
struct Part {
  std::string name, bytes;
  uint16_t method = 0, flags = 0;
  bool isZip64 = false;
  std::optional<uint32_t> stored = {}, size = {}, header = {};
  std::optional<std::string> localName = {};
};

std::string zip(const std::vector<Part> &parts, const std::string &junk = "") {
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

std::string text(const std::string &s) { return "X" + u32(s.size()) + s; }
std::string global(const std::string &module, const std::string &name) {
  return "c" + module + "\n" + name + "\n";
}
std::string integer(int64_t v) { return "\x8a\x08" + little(v); }
std::string tuple(const std::vector<int64_t> &values) {
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
std::string member(const std::string &key, const std::string &value) {
  return "\x80\x02}(" + text(key) + value + "u.";
}
/// An archive of a pickle and of storage 0, two floats.
std::string archive(const std::string &pickle) {
  return zip({{"a/data.pkl", pickle}, {"a/data/0", floats({1, 2})}});
}
std::string archiveOf(const SavedTensor &t) {
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

// Every bit of NaNs, subnormals and negative zeros, of views and of tied
// parameters.
TEST_F(TorchFiles, TensorsAreWhatTorchSaved) {
  auto got = openTensorFile(saved + "dtypes.pt");
  auto expected = openTensorFile(saved + "values.safetensors");
  EXPECT_EQ(expected->tensors().size(), 10u);
  EXPECT_EQ(got->tensors().size(), expected->tensors().size());
  for (const auto &[name, e] : expected->tensors()) {
    const StoredTensor *g = got->find(name);
    ASSERT_NE(g, nullptr) << name;
    EXPECT_EQ(g->dtype, e.dtype) << name;
    EXPECT_EQ(g->shape, e.shape) << name;
    ASSERT_EQ(g->bytes, e.bytes) << name;
    EXPECT_EQ(std::memcmp(got->bytes(*g), expected->bytes(e), e.bytes), 0)
        << name;
  }
}

// The checkpoint's `model` went a step of 0.5 away from its `ema`.
TEST_F(TorchFiles, StateDictAndTrainingCheckpointGiveTheSameWeights) {
  Manifest m = parseManifest(fakeManifestText());
  FakeWeights expected;
  for (const char *name : {"state_dict.pt", "training.pt"}) {
    auto weights = openWeights(saved + name, m);
    const std::vector<float> *values[] = {&expected.gain, &expected.bias,
                                          &expected.label};
    for (int32_t i = 0; i < 3; ++i)
      EXPECT_EQ(std::memcmp(weights->read(i), values[i]->data(),
                            values[i]->size() * 4),
                0)
          << name << " " << i;
  }
}

TEST_F(TorchFiles, SampleTakesThemByWhatIsInThem) {
  std::string outputs[2],
      sources[] = {FakeWeights().file(), readFile(saved + "training.pt")};
  for (int i = 0; i < 2; ++i) {
    std::string out = folder / "x.safetensors";
    writeFile(folder / "weights", sources[i]);
    CommandResult r =
        runCommand({"sample", fakeArtifactPath(), "--weights",
                    folder / "weights", "--classes", "0-2", "-o", out});
    ASSERT_EQ(r.code, 0) << r.err;
    outputs[i] = readFile(out);
  }
  EXPECT_EQ(outputs[0], outputs[1]);
}

TEST_F(TorchFiles, MismatchesAreNamedAsInAnyFile) {
  writeFile(path, archiveOf({}));
  EXPECT_EQ(
      errorOf([&] { openWeights(path, parseManifest(fakeManifestText())); }),
      path + ": 'gain' is missing, the model expects 2x2\n" + path +
          ": 'bias' is missing, the model expects 2\n" + path +
          ": 'label' is missing, the model expects 4x2\n" + path +
          ": 'w' (2) is not a weight of the model 'arithmetic'");
}

TEST_F(TorchFiles, OtherTensorsThanContiguousOnesAreRefusedByName) {
  EXPECT_EQ(errorOfFile(readFile(saved + "transposed.pt")),
            "'gain' (2x2) is not stored in the order of its dimensions: save "
            "it with .contiguous()");
  EXPECT_EQ(errorOfTensor({}), "");
  EXPECT_EQ(errorOfTensor({.shape = {1, 2}, .strides = {77, 1}}), "");
  EXPECT_EQ(errorOfTensor({.shape = {2}, .strides = {0}}),
            "'w' (2) is not stored in the order of its dimensions: save it "
            "with .contiguous()");
}

TEST_F(TorchFiles, TensorsOutsideOfTheirStorageAreRefused) {
  EXPECT_EQ(errorOfTensor({.offset = 1}),
            "'w' is 2, more than its storage has after the tensor's begin: 1 "
            "elements");
  EXPECT_EQ(errorOfTensor({.offset = 3}),
            "'w' begins at element 3 of a storage of 2");
  EXPECT_EQ(errorOfTensor({.offset = -1}),
            "'w' begins at element -1 of a storage of 2");
  EXPECT_EQ(errorOfTensor({.shape = {int64_t{1} << 62, 8}, .strides = {8, 1}}),
            "'w' is 4611686018427387904x8, more than its storage has after the "
            "tensor's begin: 2 elements");
  EXPECT_EQ(errorOfTensor({.shape = {-1}}),
            "'w' has a size or stride that is not a number from 0 on");
  EXPECT_EQ(errorOfTensor({.shape = {1, 2}}),
            "'w' has 2 dimensions, but 1 strides");
  EXPECT_EQ(errorOfTensor({.elements = 3}),
            "'w' is in the archive's entry 'a/data/0' of 8 bytes, which should "
            "have 3 elements of F32");
  EXPECT_EQ(errorOfTensor({.elements = -1}),
            "'w' is in the archive's entry 'a/data/0' of 8 bytes, which should "
            "have -1 elements of F32");
  EXPECT_EQ(errorOfTensor({.key = "../../etc/passwd"}),
            "'w' is in the archive's entry 'a/data/../../etc/passwd', which is "
            "missing");
  EXPECT_EQ(errorOfTensor({.storage = "ComplexFloatStorage"}),
            "'w' is of the storage 'torch.ComplexFloatStorage', which is not "
            "read");
}

/// A call of os.system that would leave a file.
std::string attack(const std::string &target) {
  return global("os", "system") + text("touch " + target) + "\x85R";
}

TEST_F(TorchFiles, NothingIsExecuted) {
  std::string target = folder / "executed";
  const std::string good = text("w") + SavedTensor().pickled(),
                    call = attack(target);
  // As an argument, as a state, as an object's class, as a persistent id.
  for (const std::string &value :
       {call, global("a", "B") + ")\x81" + call + "b",
        global("argparse", "Namespace") + ")\x81}(" + text("x") + call + "ub",
        global("builtins", "eval") + call + "\x85R", call + "Q",
        "]" + call + "a"}) {
    // Beside the ema it is skipped; where a weight is looked for, refused.
    EXPECT_EQ(errorOfPickle("\x80\x02}(" + text("args") + value + text("ema") +
                            "}" + good + "su."),
              "");
    EXPECT_NE(errorOfPickle(member("w", value)), "");
    EXPECT_FALSE(std::filesystem::exists(target));
  }
}

TEST_F(TorchFiles, ForeignTensorsAreRefusedByName) {
  EXPECT_EQ(errorOfPickle(member("w", attack("x"))),
            "'w' is made by 'os.system', which is not read");
  EXPECT_EQ(errorOfPickle("\x80\x02" + attack("x") + "."),
            "does not hold a dict of tensors, but an object made by "
            "'os.system'");
  EXPECT_EQ(errorOfPickle("\x80\x02K\x01."), "does not hold a dict of tensors");
  EXPECT_EQ(errorOfPickle(member("epoch", "K\x01")),
            "holds no tensors: expected a dict of tensors, or one under 'ema', "
            "'model' or 'state_dict'");
  EXPECT_EQ(errorOfPickle(member(
                "w", global("torch._utils", "_rebuild_tensor_v2") + ")R")),
            "'w' is made by 'torch._utils._rebuild_tensor_v2', which is not "
            "read");
}

TEST_F(TorchFiles, BombsAreRefused) {
  std::string deep = "\x80\x02)";
  for (int i = 0; i < 100; ++i)
    deep += "\x85";
  EXPECT_EQ(errorOfPickle(deep + "."),
            "the pickle is nested deeper than 64 levels at byte 66");
  EXPECT_EQ(errorOfPickle("\x80\x02" + std::string(100'000, '(')),
            "the pickle is nested deeper than 64 levels at byte 66");
  // A dict in a dict, the outer one growing around it.
  std::string dicts = "\x80\x02";
  for (int i = 0; i < 100; ++i)
    dicts += "}" + text("x");
  EXPECT_EQ(errorOfPickle(dicts + "N" + std::string(100, 's') + "."),
            "the pickle is nested deeper than 64 levels at byte 766");
  EXPECT_EQ(errorOfPickle("\x80\x02}r" + u32(0xffffffff) + "."),
            "the pickle's memo has the index 4294967295, more than its 1048576 "
            "values");
  EXPECT_EQ(errorOfPickle("\x80\x02" + std::string(1'100'000, '}')),
            "the pickle has more than 1048576 values");
  EXPECT_EQ(errorOfPickle(std::string(17 << 20, '}')),
            "the pickle has 17825792 bytes, more than the 16777216 of any "
            "checkpoint");
  EXPECT_EQ(errorOfPickle("\x80\x02X" + u32(0xffffffff)),
            "truncated pickle: 4294967295 bytes were expected at byte 7 of 7");
}

// Ten lists, each of ten of the one before: small to keep, 10^10 to walk.
TEST_F(TorchFiles, SharedValuesAreNotMultiplied) {
  std::string laughs = "\x80\x02]q" + std::string(1, '\0');
  for (int level = 0; level < 10; ++level) {
    laughs += "](";
    for (int i = 0; i < 10; ++i)
      laughs += std::string("h") + static_cast<char>(level);
    laughs += std::string("eq") + static_cast<char>(level + 1);
  }
  EXPECT_NE(errorOfPickle(laughs + "."), "");
  EXPECT_EQ(errorOfPickle("\x80\x02}q\1(" + text("self") + "h\1" + text("w") +
                          SavedTensor().pickled() + "u."),
            "")
      << "a dict that holds itself";
}

TEST_F(TorchFiles, DamagedPicklesGetOneSentence) {
  struct Case {
    std::string pickle, error;
  };
  const std::string z(1, '\0');
  for (const Case &c : std::vector<Case>{
           {"", "truncated pickle: 1 bytes were expected at byte 0 of 0"},
           {"\x80\x04.", "the pickle is not of protocol 2, which torch.save "
                         "writes"},
           {"\x80\x02.", "damaged pickle: byte 2 takes 1 values, there are 0"},
           {"\x80\x02N", "truncated pickle: 1 bytes were expected at byte 3 of "
                         "3"},
           {"\x80\x02NN.", "the pickle does not end with its value"},
           {"\x80\x02N.N", "the pickle does not end with its value"},
           {"\x80\x02(N.", "the pickle does not end with its value"},
           {"\x80\x02Nt.", "damaged pickle: byte 3 takes a mark, there is "
                           "none"},
           {"\x80\x02N(R.", "damaged pickle: byte 4 takes 2 values, there are "
                            "0"},
           {"\x80\x02h" + z + ".", "damaged pickle: byte 2 takes value 0 of "
                                   "the memo, which is not there"},
           {"\x80\x02NNa.", "damaged pickle: byte 4 adds items to what holds "
                            "none"},
           {"\x80\x02}(Nu.", "damaged pickle: byte 5 adds a key without a "
                             "value"},
           {"\x80\x02"
            "cos",
            "truncated pickle: a name at byte 3 does not "
            "end"},
           {"\x80\x02i.", "the pickle has the opcode 0x69 at byte 2, which "
                          "torch.save does not write"},
           {"\x80\x02\x82\1.",
            "the pickle has the opcode 0x82 at byte 2, which "
            "torch.save does not write"}})
    EXPECT_EQ(errorOfPickle(c.pickle), c.error);
}

TEST_F(TorchFiles, ZipsThatLieGetOneSentence) {
  Part pickle{"a/data.pkl", member("w", SavedTensor().pickled())},
      data{"a/data/0", floats({1, 2})};
  auto with = [&](auto change) {
    Part changed = data;
    change(changed);
    return errorOfFile(zip({pickle, changed}));
  };
  EXPECT_EQ(with([](Part &) {}), "");
  EXPECT_EQ(with([](Part &p) { p.isZip64 = true; }), "");
  EXPECT_EQ(with([](Part &p) { p.method = 8; }),
            "entry 'a/data/0' is deflated, but entries must be stored "
            "uncompressed");
  EXPECT_EQ(with([](Part &p) { p.method = 93; }),
            "entry 'a/data/0' is compressed by method 93, but entries must be "
            "stored uncompressed");
  EXPECT_EQ(with([](Part &p) { p.flags = 1; }),
            "entry 'a/data/0' is encrypted");
  // A bomb: a few bytes that say that they are more.
  EXPECT_EQ(with([](Part &p) { p.size = 4'000'000'000, p.stored = 8; }),
            "entry 'a/data/0' is stored uncompressed in 8 bytes, but would "
            "have 4000000000");
  EXPECT_NE(with([](Part &p) {
              p.size = 4'000'000'000;
            }).find("an entry would take 4000000000 bytes at byte"),
            std::string::npos);
  EXPECT_NE(with([](Part &p) {
              p.size = 20;
            }).find("inside the zip archive's directory"),
            std::string::npos);
  EXPECT_EQ(with([](Part &p) { p.header = 5; }),
            "entry 'a/data/0' is not at byte 5, where the zip archive's "
            "directory says");
  EXPECT_NE(with([](Part &p) {
              p.header = 0xfffffff0;
            }).find("a local header would take 30 bytes at byte 4294967280"),
            std::string::npos);
  EXPECT_EQ(with([](Part &p) { p.localName = "a/data/1"; }),
            "entry 'a/data/0' has another name in front of its data");
  EXPECT_EQ(with([](Part &p) { p.name = "a/data.pkl", p.header = 0; }),
            "entry 'a/data.pkl' begins at byte 0, inside 'a/data.pkl', which "
            "ends at " +
                std::to_string(45 + pickle.bytes.size()));
  EXPECT_EQ(errorOfFile(zip({pickle, data, data})),
            "the zip archive has the entry 'a/data/0' twice");
  EXPECT_EQ(errorOfFile(zip({data})),
            "not a PyTorch file: the zip archive has no entry data.pkl");
  EXPECT_EQ(errorOfFile(zip({pickle, data, {"a/byteorder", "big"}})),
            "was written on a machine of byte order 'big', only little is "
            "read");
  // An archive within the data of another.
  Part outer{"a/data/0", zip({pickle, data})};
  EXPECT_EQ(errorOfFile(zip({pickle, outer}) + "x"),
            "truncated or damaged zip archive: it does not end with the record "
            "of its directory");
}

// A second header points into the first entry's data, where a valid header is.
TEST_F(TorchFiles, OverlappingEntriesAreRefused) {
  std::string pickle = member("w", SavedTensor().pickled());
  std::string inner = zip({{"a/data/0", floats({1, 2})}}).substr(0, 51);
  Part first{"a/data.pkl", pickle + inner};
  Part second{"a/data/0", ""};
  second.header = 45 + pickle.size();
  second.size = 8;
  EXPECT_EQ(errorOfFile(zip({first, second})),
            fmt::format("entry 'a/data/0' begins at byte {}, inside "
                        "'a/data.pkl', which ends at {}",
                        45 + pickle.size(), 45 + pickle.size() + 51));
}

TEST_F(TorchFiles, OtherFormatsAreToldApart) {
  EXPECT_EQ(errorOfFile(std::string("\x80\x02\x8a\nl\xfc\x9c"
                                    "F\xf9 j\xa8P\x19.",
                                    15)),
            "is in the format that torch.save wrote before PyTorch 1.6: load "
            "it and save it again");
}

// Every length a file can be cut to is an error; every byte flipped is an error
// or tensors inside the file (for the sanitizers). CRCs are not looked at, so
// flips in the data are read.
TEST_F(TorchFiles, DamageNeverCrashes) {
  for (auto [name, step] :
       {std::pair("state_dict.pt", 1), std::pair("training.pt", 7)}) {
    std::string whole = readFile(saved + name);
    for (size_t length = 0; length < whole.size(); length += 5 * step)
      EXPECT_NE(errorOfFile(whole.substr(0, length)), "") << length;
    for (size_t at = 0; at < whole.size(); at += step) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << at % 8));
      writeFile(path, damaged);
      errorOf([&] {
        auto file = openTensorFile(path);
        for (const auto &[tensor, t] : file->tensors())
          ASSERT_LE(t.begin + t.bytes, damaged.size()) << tensor;
      });
    }
  }
}

/// Bytes of this process in memory.
int64_t residentBytes() {
  int64_t total = 0, resident = 0;
  std::istringstream(readFile("/proc/self/statm")) >> total >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

// Reading all weights one after the other keeps about one of them in memory.
TEST_F(TorchFiles, ReleasedTensorsTakeNoMemory) {
  constexpr int64_t count = 6, elements = 2 << 20;
  Manifest m = parseManifest(fakeManifestText());
  m.weights.clear();
  std::string pickle = "\x80\x02}(";
  for (int64_t i = 0; i < count; ++i) {
    std::string key = std::to_string(i);
    m.weights.push_back({"w" + key, {elements}});
    SavedTensor t{.shape = {elements}, .key = key, .elements = elements};
    pickle += text("w" + key) + t.pickled();
  }
  {
    std::vector<Part> parts{{"a/data.pkl", pickle + "u."}};
    for (int64_t i = 0; i < count; ++i)
      parts.push_back(
          {"a/data/" + std::to_string(i), std::string(elements * 4, '\0')});
    writeFile(path, zip(parts));
  }
  auto weights = openWeights(path, m);
  int64_t before = residentBytes(), most = 0;
  float sum = 0;
  for (int32_t i = 0; i < count; ++i) {
    const float *w = weights->read(i);
    for (int64_t e = 0; e < elements; e += 16)
      sum += w[e];
    most = std::max(most, residentBytes() - before);
    weights->release(i);
  }
  EXPECT_EQ(sum, 0);
  EXPECT_LT(most, 3 * elements * 4) << "of " << count * elements * 4;
}

} // namespace
} // namespace dit::runtime::test
