// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Weights as training scripts leave them: under which key, with which
// beginning, beside what; and what is said of them.
#include "TorchArchive.h"

#include "runtime/OutputFile.h"
#include "runtime/Safetensors.h"
#include "runtime/WeightMatch.h"
#include "runtime/Weights.h"

#include <cmath>
#include <filesystem>
#include <unistd.h>

namespace dit::runtime::test {
namespace {

/// A dict of one tensor of two floats, stored from element `offset` on.
std::string dictOf(const std::string &name, int64_t offset = 0) {
  return "}" + text(name) +
         SavedTensor{.shape = {1}, .elements = 2, .offset = offset}.pickled() +
         "s";
}
std::string with(const std::string &key, const std::string &value) {
  return text(key) + value;
}
std::string dict(const std::string &members) { return "}(" + members + "u"; }

class Parts : public TorchFiles {
protected:
  /// The value of tensor 'w' of a checkpoint, and what was said.
  std::string read(const std::string &value, const std::string &key = "") {
    writeFile(path, archive("\x80\x02" + value + "."));
    notes.clear();
    return valueAt(key.empty() ? path : path + "#" + key);
  }
  std::string valueAt(const std::string &where,
                      std::vector<std::string> ignored = {}) {
    Manifest manifest;
    manifest.weights = {{"w", {}}};
    std::string error = errorOf([&] {
      Checkpoint checkpoint(where, manifest,
                            {std::move(ignored), [&](const std::string &note) {
                               notes += note.substr(note.find(": ") + 2) + "\n";
                             }});
      const CheckpointTensor *w = checkpoint.find("w");
      ASSERT_NE(w, nullptr);
      checkpoint.read(*w, &value);
    });
    return error.empty() ? fmt::format("{}", value)
                         : error.substr(error.find(": ") + 2);
  }
  float value = 0;
  std::string notes;
};

TEST_F(Parts, AnAverageIsReadBeforeTheModelInTraining) {
  const std::string trained = dictOf("w", 1), averaged = dictOf("w");
  for (std::string key : {"ema", "model_ema", "ema_state_dict", "ema_model"}) {
    EXPECT_EQ(read(dict(with("model", trained) + with(key, averaged))), "1")
        << key;
    EXPECT_EQ(notes, fmt::format("the weights are '{}', 1 tensors\n", key));
  }
  for (std::string key : {"model", "module", "state_dict", "model_state_dict",
                          "params", "net", "anything"})
    EXPECT_EQ(read(dict(with(key, averaged) + with("epoch", "K\x07"))), "1")
        << key;
  EXPECT_EQ(read(averaged), "1");
  EXPECT_EQ(notes, "") << "the whole file is no choice";
}

TEST_F(Parts, OneLevelBelowIsLookedInto) {
  EXPECT_EQ(read(dict(with("ema", dict(with("shadow", dictOf("w")))))), "1");
  EXPECT_EQ(notes, "the weights are 'ema.shadow', 1 tensors\n");
  EXPECT_EQ(read(dict(with("model", dict(with("state_dict", dictOf("w")))))),
            "1");
  EXPECT_EQ(notes, "the weights are 'model.state_dict', 1 tensors\n");
}

TEST_F(Parts, AnEmptyAverageIsPassedOverAloud) {
  EXPECT_EQ(read(dict(with("ema", "}") + with("model", dictOf("w", 1)))), "2");
  EXPECT_EQ(notes, "'ema' has no tensors and is passed over\n"
                   "the weights are 'model', 1 tensors\n");
}

TEST_F(Parts, AKeyNamesOne) {
  const std::string both =
      dict(with("model", dictOf("w", 1)) + with("ema", dictOf("w")));
  EXPECT_EQ(read(both, "model"), "2");
  EXPECT_EQ(read(both, "ema"), "1");
  EXPECT_EQ(read(both, "nothing"),
            "has no 'nothing': in it there are 'model' (1 tensors), 'ema' (1 "
            "tensors)");
  // What names begin with goes on where keys end.
  const std::string averages = dict(with(
      "ema",
      dict(with("online.w", SavedTensor{.shape = {1}, .offset = 1}.pickled()) +
           with("kept.w", SavedTensor{.shape = {1}}.pickled()))));
  EXPECT_EQ(read(averages, "ema.kept"), "1");
  EXPECT_EQ(read(averages, "ema.online"), "2");
  EXPECT_EQ(read(dict(with("a", dictOf("w")) + with("b", dictOf("w")))),
            "holds tensors under several names, none of them known: name one, "
            "as in FILE#a; in it there are 'a' (1 tensors), 'b' (1 tensors)");
}

TEST_F(Parts, BeginningsOfAllNamesAreTakenOff) {
  for (std::string begin : {"module.", "_orig_mod.", "module._orig_mod.",
                            "model.", "model.diffusion_model."}) {
    EXPECT_EQ(read(dictOf(begin + "w")), "1") << begin;
    EXPECT_EQ(notes, fmt::format("all names begin with '{}', which is taken "
                                 "off\n",
                                 begin));
  }
  // torch's AveragedModel counts its models beside them.
  EXPECT_EQ(read(dict(with("module.w", SavedTensor{.shape = {1}}.pickled()) +
                      with("n_averaged", SavedTensor{.shape = {1}}.pickled()))),
            "1");
  EXPECT_EQ(notes, "all names begin with 'module.', which is taken off\n"
                   "1 tensor is left out, 'n_averaged'\n");
}

TEST_F(Parts, WhatOnlyTrainingNeedsIsLeftOut) {
  const std::string w = with("w", SavedTensor{.shape = {1}}.pickled()),
                    more = SavedTensor{.shape = {1}}.pickled();
  EXPECT_EQ(read(dict(w + with("projectors.0.weight", more) +
                      with("projectors.0.bias", more))),
            "1");
  EXPECT_EQ(notes, "2 tensors are left out, 'projectors.*'\n");
  writeFile(path, archive("\x80\x02" + dict(w + with("head.x", more)) + "."));
  notes.clear();
  EXPECT_EQ(valueAt(path, {"head.*", "tail"}), "1");
  EXPECT_EQ(notes, "1 tensor is left out, 'head.*'\n"
                   "has no tensor 'tail', which was to be left out\n");
}

TEST(Patterns, AStarIsAnyText) {
  EXPECT_TRUE(matchesPattern("a.*", "a."));
  EXPECT_TRUE(matchesPattern("*.b.*", "a.b.c"));
  EXPECT_TRUE(matchesPattern("**", ""));
  EXPECT_FALSE(matchesPattern("a.*", "ba."));
  EXPECT_FALSE(matchesPattern("*b", "abc"));
  EXPECT_FALSE(matchesPattern("", "a"));
}

class Matches : public testing::Test {
protected:
  struct T {
    std::string name;
    std::vector<int64_t> shape;
  };
  void write(const std::vector<T> &tensors, const std::vector<float> &values,
             const std::string &name = "w.safetensors") {
    std::vector<TensorToWrite> list;
    for (const T &t : tensors) {
      size_t elements = 1;
      for (int64_t d : t.shape)
        elements *= static_cast<size_t>(d);
      list.push_back({t.name, t.shape, std::span(values).first(elements)});
    }
    path = folder / name;
    OutputFile file(path);
    writeSafetensors(file, list, {});
    file.commit();
  }
  std::string error(const std::vector<WeightEntry> &expected) {
    Manifest m = parseManifest(fakeManifestText());
    m.weights = expected;
    m.positionTables = tables;
    std::string text = errorOf([&] { checkWeights(Checkpoint(path, m), m); });
    for (size_t at; (at = text.find(path + ": ")) != std::string::npos;)
      text.erase(at, path.size() + 2);
    return text;
  }

  Folder folder;
  std::string path;
  std::vector<PositionTable> tables;
  std::vector<float> zeros = std::vector<float>(4096);
};

TEST_F(Matches, WhatIsMissingAndWhatIsThereAreBothShownShortened) {
  std::vector<T> tensors;
  std::vector<WeightEntry> expected;
  for (int i = 10; i < 40; ++i) {
    tensors.push_back({fmt::format("layers.{}.w", i), {1}});
    expected.push_back({fmt::format("blocks.{}.w", i), {1}});
  }
  write(tensors, zeros);
  std::string text = error(expected);
  EXPECT_NE(text.find("'blocks.17.w' is missing, the model expects 1\n"
                      "and 22 more are missing\n"
                      "'layers.10.w' (1) is not a weight of the model"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("and 22 more are not the model's"), std::string::npos);
}

TEST_F(Matches, TheLikelyKeyOfTheSpecIsNamed) {
  write({{"y_embedder.embedding_table.weight", {10, 2}}}, zeros);
  EXPECT_EQ(error({{"y_embedder.embedding_table.weight", {11, 2}}}),
            "'y_embedder.embedding_table.weight' is 10x2, the model expects "
            "11x2\nthe table has no row for no label: `label_dropout: 0` in "
            "the spec");
  write({{"final_layer.linear.bias", {16}}}, zeros);
  EXPECT_EQ(error({{"final_layer.linear.bias", {32}}}),
            "'final_layer.linear.bias' is 16, the model expects 32\nthe last "
            "layer predicts no variance: `learn_sigma: false` in the spec");
  write({{"blocks.0.w", {1}}}, zeros);
  EXPECT_EQ(error({{"blocks.0.w", {1}}, {"blocks.1.w", {1}}}),
            "'blocks.1.w' is missing, the model expects 1\nthe checkpoint has "
            "1 blocks, the model 2: `depth` in the spec");
  write({{"dit.inner.w", {1}}}, zeros);
  EXPECT_EQ(error({{"w", {1}}}),
            "'w' is missing, the model expects 1\n'dit.inner.w' (1) is not a "
            "weight of the model 'arithmetic'\n'dit.inner.w' ends as a weight "
            "of the model does: try " +
                path + "#dit.inner");
  write({{"w", {1}}}, zeros, "model-00001-of-00002.safetensors");
  EXPECT_EQ(error({{"w", {1}}, {"v", {1}}}),
            "'v' is missing, the model expects 1\nthe file's name says that it "
            "is one of several: give their folder, or the index beside them");
}

// A grid of 1x2 tokens of 4 features: sin w, cos w, sin h, cos h.
TEST_F(Matches, AStoredTableOfPositionsIsTheModels) {
  tables = {{1, 2, 4, 1, 1}};
  std::vector<float> table{0, 1, 0, 1, std::sin(1.0f), std::cos(1.0f), 0, 1};
  write({{"pos_embed", {1, 2, 4}}}, table);
  EXPECT_EQ(error({}), "");
  table[4] += 1e-3f;
  write({{"pos_embed", {1, 2, 4}}}, table);
  EXPECT_EQ(error({}), "") << "rounded to bfloat16";
  table[4] += 1e-2f;
  write({{"pos_embed", {1, 2, 4}}}, table);
  EXPECT_EQ(error({}),
            "'pos_embed' is another table than the 2-D sines and cosines that "
            "the model adds: 0.8525 at token 1, feature 0, where the model has "
            "0.8415 (`position: learned` in the spec reads the table from the "
            "checkpoint)");
  write({{"pos_embed", {1, 8, 4}}}, zeros);
  EXPECT_EQ(error({}),
            "'pos_embed' is 1x8x4, the model expects 1x2x4: the tokens of 1x2 "
            "patches, which `latent` and `patch_size` in the spec give");
  tables.push_back({4, 2, 4, 0.25, 1});
  write({{"pos_embed", {1, 8, 4}}}, table = std::vector<float>(32, NAN));
  EXPECT_NE(error({}), "") << "NaN is no position";
}

TEST_F(Matches, AFileThatIsCutWhileItIsReadIsASentence) {
  write({{"w", {4096}}}, zeros);
  Manifest m = parseManifest(fakeManifestText());
  m.weights = {{"w", {4096}}};
  auto weights = openWeights(path, m);
  ASSERT_EQ(truncate(path.c_str(), 1000), 0);
  ASSERT_NE(weights->read(0), nullptr);
  std::string text = errorOf([&] { weights->check(); });
  EXPECT_NE(text.find("but ends at 1000 now: it was cut while it was read"),
            std::string::npos)
      << text;
}

TEST_F(Matches, TheSameTensorsAreTheSameWeightsWhereverTheyAre) {
  Manifest m = parseManifest(fakeManifestText());
  m.weights = {{"w", {2}}, {"v", {2}}};
  std::vector<float> values{1, 2};
  write({{"w", {2}}, {"v", {2}}}, values, "a.safetensors");
  std::string first = openWeights(path, m)->identity();
  write({{"module.v", {2}}, {"module.w", {2}}}, values, "b.safetensors");
  EXPECT_EQ(openWeights(path, m)->identity(), first);
  values[1] = 3;
  write({{"w", {2}}, {"v", {2}}}, values, "a.safetensors");
  EXPECT_NE(openWeights(path, m)->identity(), first);
}

TEST(OtherFormats, AreNamed) {
  Folder folder;
  std::string path = folder / "w.safetensors";
  auto said = [&](const std::string &bytes) {
    writeFile(path, bytes);
    std::string text = errorOf([&] { openTensorFile(path); });
    return text.substr(path.size() + 2, 22);
  };
  EXPECT_EQ(said("version https://git-lfs.github.com/spec/v1\noid sha256:0"),
            "is the pointer that gi");
  EXPECT_EQ(said("<!DOCTYPE html><html></html>"), "is a page of HTML or X");
  EXPECT_EQ(said("GGUF\3\0\0\0aaaaaaaa"), "is a GGUF file: weight");
  EXPECT_EQ(said("\x1f\x8b\x08 and so on"), "is compressed by gzip:");
  EXPECT_EQ(said("{\"_class_name\": \"DiT\"}"), "is JSON: the weights a");
  EXPECT_EQ(said("\x80\x04\x95 and so on"), "is a bare pickle: save");
}

// Every float8 there is, as PyTorch converts it.
TEST(Float8, IsWhatPyTorchMakesOfIt) {
  auto stored = openTensorFile(saved + "float8.pt");
  auto expected = openTensorFile(saved + "float8_values.safetensors");
  EXPECT_EQ(stored->find("e4m3")->dtype, "F8_E4M3");
  for (const auto &[name, t] : expected->tensors()) {
    std::vector<float> got(256), want(256);
    readFloats(*stored, *stored->find(name), got.data());
    readFloats(*expected, t, want.data());
    for (size_t i = 0; i < 256; ++i)
      EXPECT_TRUE(std::isnan(want[i])
                      ? std::isnan(got[i])
                      : got[i] == want[i] &&
                            std::signbit(got[i]) == std::signbit(want[i]))
          << name << " " << i;
  }
}

TEST(Protocols, OfPickleAreReadUpToTheFifth) {
  Manifest m = parseManifest(fakeManifestText());
  FakeWeights expected;
  for (const char *name : {"protocol3.pt", "protocol4.pt", "protocol5.pt"}) {
    auto weights = openWeights(saved + name, m);
    const float *gain = weights->read(0);
    EXPECT_EQ(std::vector<float>(gain, gain + 4), expected.gain) << name;
  }
}

// A list of two million losses beside the weights.
TEST_F(Parts, ListsThatNobodyReadTakeNoRoom) {
  std::string losses = "]";
  for (int part = 0; part < 2000; ++part) {
    losses += "(";
    for (int i = 0; i < 1000; ++i)
      losses += part % 2 ? std::string("M\1\2") : "G" + std::string(8, '\1');
    losses += "e";
  }
  EXPECT_EQ(read(dict(with("losses", losses) + with("ema", dictOf("w")))), "1");
}

} // namespace
} // namespace dit::runtime::test
