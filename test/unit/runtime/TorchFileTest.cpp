// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Files that torch.save wrote: their tensors, and which of them are refused.
#include "ResidentMemory.h"
#include "TorchArchive.h"

#include "runtime/Weights.h"

#include <cstring>

namespace dit::runtime::test {
namespace {

std::string bytesOf(const TensorFile &file, const StoredTensor &t) {
  std::string bytes(t.bytes, '\0');
  file.readBytes(t, bytes.data());
  return bytes;
}

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
    EXPECT_EQ(bytesOf(*got, *g), bytesOf(*expected, e)) << name;
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
  int64_t most = mostBytesWhileReading(*weights, count, elements);
  EXPECT_LT(most, 3 * elements * 4) << "of " << count * elements * 4;
}

} // namespace
} // namespace dit::runtime::test
