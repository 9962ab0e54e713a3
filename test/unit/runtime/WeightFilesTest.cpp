// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Weight files that are refused, with one clear error each.
#include "Fixture.h"

namespace dit::runtime::test {
namespace {

const char *const gain =
    R"("gain":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]})";
const char *const bias =
    R"("bias":{"dtype":"F32","shape":[2],"data_offsets":[16,24]})";
const char *const label =
    R"("label":{"dtype":"F32","shape":[4,2],"data_offsets":[24,56]})";

std::string joined(std::vector<std::string> entries) {
  std::string header = "{";
  for (const std::string &e : entries)
    header += (header.size() > 1 ? "," : "") + e;
  return header + "}";
}

/// A file of 56 bytes of data under the given header entries.
std::string file(std::vector<std::string> entries, size_t bytes = 56) {
  return safetensors(joined(std::move(entries)), std::string(bytes, '\0'));
}

/// The same with an entry for gain, made from its three members.
std::string gainOf(const std::string &dtype, const std::string &shape,
                   const std::string &offsets, size_t bytes = 56) {
  return file({"\"gain\":{\"dtype\":" + dtype + ",\"shape\":" + shape +
                   ",\"data_offsets\":" + offsets + "}",
               bias, label},
              bytes);
}

std::string good() { return FakeWeights().file(); }

std::string lengthOf(uint64_t length) {
  return std::string(reinterpret_cast<char *>(&length), 8);
}

struct BadFile {
  const char *name;
  std::string bytes;
  std::string error; ///< after the path
};

void PrintTo(const BadFile &f, std::ostream *out) { *out << f.name; }

class BadWeights : public testing::TestWithParam<BadFile> {};

TEST_P(BadWeights, GetsOneClearError) {
  Folder folder;
  std::string path = folder / "w.safetensors";
  writeFile(path, GetParam().bytes);
  Manifest m = parseManifest(fakeManifestText());
  std::string error = errorOf([&] { openWeights(path, m); });
  std::string expected = GetParam().error;
  for (size_t at = 0; (at = expected.find("@", at)) != std::string::npos;)
    expected.replace(at, 1, path);
  EXPECT_EQ(error, path + ": " + expected);
}

std::vector<BadFile> badFiles() {
  std::string g = good();
  std::string notUtf8 = joined({gain, bias, label});
  notUtf8[3] = '\xff';
  std::string deep = "{\"gain\":" + std::string(100000, '[');
  return {
      {"Empty", "",
       "not a safetensors file: it has 0 bytes, fewer than the 8 of the "
       "header's length"},
      {"FourBytes", "abcd",
       "not a safetensors file: it has 4 bytes, fewer than the 8 of the "
       "header's length"},
      {"OnlyLength", lengthOf(10),
       "truncated: the header has 10 bytes, the file only 0 after its length"},
      {"HugeHeader", lengthOf(uint64_t{1} << 62) + "{}",
       "not a safetensors file: its header would have 4611686018427387904 "
       "bytes, the format allows 100000000"},
      {"MaximalHeader", lengthOf(~uint64_t{0}) + "{}",
       "not a safetensors file: its header would have 18446744073709551615 "
       "bytes, the format allows 100000000"},
      {"HeaderPastEnd", lengthOf(1000) + "{}",
       "truncated: the header has 1000 bytes, the file only 2 after its "
       "length"},
      {"EmptyHeader", lengthOf(0),
       "not a safetensors file: its header does not begin with '{'"},
      {"Zip", "PK\x03\x04" + std::string(100, 'x'),
       "truncated or damaged zip archive: it does not end with the record of "
       "its directory"},
      {"ArrayHeader", safetensors("[1,2]", ""),
       "not a safetensors file: its header does not begin with '{'"},
      {"BrokenJson", safetensors("{\"gain\":", ""),
       "the header is not valid JSON at byte 9"},
      {"TextAfterJson", safetensors("{} x", ""),
       "the header is not valid JSON at byte 4"},
      {"NotUtf8", safetensors(notUtf8, std::string(56, '\0')),
       "the header is not valid JSON at byte 4"},
      {"DeepHeader", safetensors(deep, ""),
       "the header is nested deeper than 12 levels"},
      {"NoTensors", safetensors("{}", ""),
       "'gain' is missing, the model expects 2x2\n@: 'bias' is missing, the "
       "model expects 2\n@: 'label' is missing, the model expects 4x2"},
      {"DuplicateName", file({gain, gain, bias, label}),
       "the header has the key 'gain' twice"},
      {"DuplicateMember",
       gainOf("\"F32\",\"dtype\":\"F32\"", "[2,2]", "[0,16]"),
       "the header has the key 'dtype' twice"},
      {"TensorIsNumber", file({"\"gain\":3", bias, label}),
       "tensor 'gain' must be an object, but is 3"},
      {"NoDtype",
       file({R"("gain":{"shape":[2,2],"data_offsets":[0,16]})", bias, label}),
       "tensor 'gain.dtype' is missing"},
      {"NoShape",
       file({R"("gain":{"dtype":"F32","data_offsets":[0,16]})", bias, label}),
       "tensor 'gain.shape' is missing"},
      {"NoOffsets",
       file({R"("gain":{"dtype":"F32","shape":[2,2]})", bias, label}),
       "tensor 'gain.data_offsets' is missing"},
      {"UnknownDtype", gainOf("\"F33\"", "[2,2]", "[0,16]"),
       "'gain' has the unknown dtype 'F33'"},
      {"DtypeIsNumber", gainOf("32", "[2,2]", "[0,16]"),
       "tensor 'gain.dtype' must be a string, but is 32"},
      {"ShapeIsNumber", gainOf("\"F32\"", "4", "[0,16]"),
       "tensor 'gain.shape' must be an array, but is 4"},
      {"NegativeShape", gainOf("\"F32\"", "[-2,-2]", "[0,16]"),
       "tensor 'gain.shape[0]' must be an integer from 0 to "
       "1152921504606846976, but is -2"},
      {"FractionalShape", gainOf("\"F32\"", "[2.5,2]", "[0,16]"),
       "tensor 'gain.shape[0]' must be an integer from 0 to "
       "1152921504606846976, but is 2.5"},
      {"OverflowingShape",
       gainOf("\"F32\"", "[4294967296,4294967296,4]", "[0,16]"),
       "'gain' is 4294967296x4294967296x4, more elements than any file holds"},
      {"HugeDimension", gainOf("\"F32\"", "[99999999999999999999]", "[0,16]"),
       "tensor 'gain.shape[0]' must be an integer from 0 to "
       "1152921504606846976, but is 1e+20"},
      {"OneOffset", gainOf("\"F32\"", "[2,2]", "[16]"),
       "'gain' must have data_offsets [begin, end] with begin <= end"},
      {"ThreeOffsets", gainOf("\"F32\"", "[2,2]", "[0,8,16]"),
       "'gain' must have data_offsets [begin, end] with begin <= end"},
      {"BackwardOffsets", gainOf("\"F32\"", "[2,2]", "[16,0]"),
       "'gain' must have data_offsets [begin, end] with begin <= end"},
      {"NegativeOffset", gainOf("\"F32\"", "[2,2]", "[-16,0]"),
       "tensor 'gain.data_offsets[0]' must be an integer from 0 to "
       "1152921504606846976, but is -16"},
      {"OffsetPastEnd", gainOf("\"F32\"", "[2,2]", "[1000,1016]"),
       "'gain' ends at byte 1016 of the data, which has 56 bytes: the file is "
       "truncated or damaged"},
      {"OverflowingOffset",
       gainOf("\"F32\"", "[2,2]",
              "[18446744073709551600,18446744073709551615]"),
       "tensor 'gain.data_offsets[0]' must be an integer from 0 to "
       "1152921504606846976, but is 18446744073709551600"},
      {"TooFewBytes", gainOf("\"F32\"", "[2,2]", "[0,12]"),
       "'gain' has 12 bytes, but 2x2 of F32 need 16"},
      {"TooManyBytes", gainOf("\"F32\"", "[2,2]", "[0,20]"),
       "'gain' has 20 bytes, but 2x2 of F32 need 16"},
      {"Overlap",
       file({gain,
             R"("bias":{"dtype":"F32","shape":[2],"data_offsets":[12,20]})",
             label}),
       "'bias' begins at byte 12 of the data, inside 'gain', which ends at 16"},
      {"Hole",
       file({gain,
             R"("bias":{"dtype":"F32","shape":[2],"data_offsets":[20,28]})",
             R"("label":{"dtype":"F32","shape":[4,2],"data_offsets":[28,60]})"},
            60),
       "bytes 16 to 20 of the data belong to no tensor"},
      {"TrailingBytes", file({gain, bias, label}, 60),
       "bytes 56 to 60 of the data belong to no tensor"},
      {"Truncated", g.substr(0, g.size() - 1),
       "'label' ends at byte 56 of the data, which has 55 bytes: the file is "
       "truncated or damaged"},
      {"TruncatedInHeader", g.substr(0, 60),
       "truncated: the header has 179 bytes, the file only 52 after its "
       "length"},
      {"WrongShape",
       file(
           {gain, bias,
            R"("label":{"dtype":"F32","shape":[2,4],"data_offsets":[24,56]})"}),
       "'label' is 2x4, the model expects 4x2"},
      {"WrongRank",
       file({gain, bias,
             R"("label":{"dtype":"F32","shape":[8],"data_offsets":[24,56]})"}),
       "'label' is 8, the model expects 4x2"},
      {"ScalarForMatrix",
       file({R"("gain":{"dtype":"F32","shape":[],"data_offsets":[0,4]})",
             R"("bias":{"dtype":"F32","shape":[2],"data_offsets":[4,12]})",
             R"("label":{"dtype":"F32","shape":[4,2],"data_offsets":[12,44]})"},
            44),
       "'gain' is scalar, the model expects 2x2"},
      {"IntegerWeights", gainOf("\"I32\"", "[2,2]", "[0,16]"),
       "'gain' is of dtype I32, weights are F64, F32, F16, BF16, F8_E4M3 or "
       "F8_E5M2"},
      {"Missing", file({gain, bias}, 24),
       "'label' is missing, the model expects 4x2"},
      {"Extra",
       file({gain, bias, label,
             R"("gains":{"dtype":"F32","shape":[1],"data_offsets":[56,60]})"},
            60),
       "'gains' (1) is not a weight of the model 'arithmetic'"},
      {"Misnamed",
       file({R"("Gain":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]})",
             bias, label}),
       "'gain' is missing, the model expects 2x2\n@: 'Gain' (2x2) is not a "
       "weight of the model 'arithmetic'"},
      {"ControlCharacters",
       file(
           {gain, bias, label,
            R"("a\u001b[31m":{"dtype":"F32","shape":[0],"data_offsets":[56,56]})"}),
       "'a\\x1b[31m' (0) is not a weight of the model 'arithmetic'"},
      {"MetadataIsNumber", file({gain, bias, label, "\"__metadata__\":7"}),
       "header key '__metadata__' must be an object, but is 7"},
      {"MetadataHoldsNumber",
       file({gain, bias, label, R"("__metadata__":{"a":7})"}),
       "header key '__metadata__.a' must be a string, but is 7"},
  };
}

INSTANTIATE_TEST_SUITE_P(Files, BadWeights, testing::ValuesIn(badFiles()),
                         [](const auto &info) {
                           return std::string(info.param.name);
                         });

// Many lengths a file can be cut to, and every byte of the header flipped: an
// error or weights, never a crash (this is for the sanitizers).
TEST(Weights, DamageNeverCrashes) {
  Folder folder;
  Manifest m = parseManifest(fakeManifestText());
  std::string path = folder / "w.safetensors", whole = good();
  for (size_t length = 0; length < whole.size();
       length += length < 20 ? 1 : 7) {
    writeFile(path, whole.substr(0, length));
    EXPECT_NE(errorOf([&] { openWeights(path, m); }), "") << length;
  }
  for (size_t at = 0; at < whole.size() - 56; ++at)
    for (int bit : {1, 6}) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
      writeFile(path, damaged);
      errorOf([&] { openWeights(path, m)->read(0); });
    }
}

TEST(Weights, TwentyMismatchesAreListedAndTheRestCounted) {
  Folder folder;
  std::string path = folder / "w.safetensors";
  std::vector<std::string> entries{gain, bias, label};
  for (int i = 0; i < 30; ++i)
    entries.push_back(
        "\"x" + std::to_string(i) +
        R"(":{"dtype":"F32","shape":[0],"data_offsets":[56,56]})");
  writeFile(path, file(entries));
  try {
    openWeights(path, parseManifest(fakeManifestText()));
    FAIL();
  } catch (const Error &e) {
    ASSERT_EQ(e.sentences().size(), 21u);
    EXPECT_EQ(e.sentences().back(), path + ": and 10 more mismatches");
  }
}

TEST(Weights, FilesThatAreNone) {
  Manifest m = parseManifest(fakeManifestText());
  Folder folder;
  EXPECT_EQ(errorOf([&] { openWeights(folder / "none", m); }),
            (folder / "none") +
                ": cannot be opened: no such file or directory");
  EXPECT_EQ(errorOf([&] { openWeights(folder.path, m); }),
            folder.path + ": is a directory without "
                          "diffusion_pytorch_model.safetensors, which a model "
                          "of diffusers has");
  EXPECT_EQ(
      errorOf([&] { openWeights("/dev/zero", m); }),
      "/dev/zero: must be a regular file, but is a device, pipe or socket");
}

TEST(Weights, IgnoredNamesAndMetadataAreAllowed) {
  Folder folder;
  std::string path = folder / "w.safetensors";
  writeFile(
      path,
      file(
          {gain, bias, label, R"("__metadata__":{"format":"pt"})",
           R"("pos_embed":{"dtype":"F32","shape":[1],"data_offsets":[56,60]})"},
          60));
  EXPECT_EQ(
      errorOf([&] { openWeights(path, parseManifest(fakeManifestText())); }),
      "");
}

} // namespace
} // namespace dit::runtime::test
