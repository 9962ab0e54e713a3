// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Files that torch.save would not write: zips and pickles that lie, bombs, and
// calls that must not happen.
#include "TorchArchive.h"

#include <filesystem>

namespace dit::runtime::test {
namespace {

using HostileTorchFiles = TorchFiles;

/// A call of os.system that would leave a file.
std::string attack(const std::string &target) {
  return global("os", "system") + text("touch " + target) + "\x85R";
}

TEST_F(HostileTorchFiles, NothingIsExecuted) {
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

TEST_F(HostileTorchFiles, ForeignTensorsAreRefusedByName) {
  EXPECT_EQ(errorOfPickle(member("w", attack("x"))),
            "'w' is made by 'os.system', which is not read");
  EXPECT_EQ(errorOfPickle("\x80\x02" + attack("x") + "."),
            "does not hold a dict of tensors, but an object made by "
            "'os.system'");
  EXPECT_EQ(errorOfPickle("\x80\x02K\x01."), "does not hold a dict of tensors");
  EXPECT_EQ(errorOfPickle(member("epoch", "K\x01")),
            "holds no tensors under a known name, ema, model_ema, "
            "ema_state_dict, ema_model, model, module, state_dict, "
            "model_state_dict, params, net: in it there are 'epoch'");
  EXPECT_EQ(errorOfPickle(member(
                "w", global("torch._utils", "_rebuild_tensor_v2") + ")R")),
            "'w' is made by 'torch._utils._rebuild_tensor_v2', which is not "
            "read");
}

TEST_F(HostileTorchFiles, BombsAreRefused) {
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
  EXPECT_EQ(errorOfPickle(std::string(65 << 20, '}')),
            "the pickle has 68157440 bytes, more than the 67108864 of any "
            "checkpoint");
  EXPECT_EQ(errorOfPickle("\x80\x02X" + u32(0xffffffff)),
            "truncated pickle: 4294967295 bytes were expected at byte 7 of 7");
}

// Ten lists, each of ten of the one before: small to keep, 10^10 to walk.
TEST_F(HostileTorchFiles, SharedValuesAreNotMultiplied) {
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

TEST_F(HostileTorchFiles, DamagedPicklesGetOneSentence) {
  struct Case {
    std::string pickle, error;
  };
  const std::string z(1, '\0');
  for (const Case &c : std::vector<Case>{
           {"", "truncated pickle: 1 bytes were expected at byte 0 of 0"},
           {"\x80\x01.", "the pickle is of protocol 1, but 2 to 5 are read"},
           {"\x80\x06.", "the pickle is of protocol 6, but 2 to 5 are read"},
           {"}.", "the pickle is not of protocol 2 to 5, which torch.save "
                  "writes"},
           {"\x80\x04NN\x93.", "damaged pickle: byte 4 takes a module and a "
                               "name, which are texts"},
           {"\x80\x04\x94.", "damaged pickle: byte 2 takes 1 values, there are "
                             "0"},
           {"\x80\x04\x95" + z, "truncated pickle: 8 bytes were expected at "
                                "byte 3 of 4"},
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

TEST_F(HostileTorchFiles, ZipsThatLieGetOneSentence) {
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
            "stored or deflated");
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
TEST_F(HostileTorchFiles, OverlappingEntriesAreRefused) {
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

TEST_F(HostileTorchFiles, OtherFormatsAreToldApart) {
  EXPECT_EQ(errorOfFile(std::string("\x80\x02\x8a\nl\xfc\x9c"
                                    "F\xf9 j\xa8P\x19.",
                                    15)),
            "is in the format that torch.save wrote before PyTorch 1.6: load "
            "it and save it again");
}

// Every length a file can be cut to is an error; every byte flipped is an error
// or tensors inside the file (for the sanitizers). CRCs are not looked at, so
// flips in the data are read.
TEST_F(HostileTorchFiles, DamageNeverCrashes) {
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

} // namespace
} // namespace dit::runtime::test
