// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What was measured is found again by later processes, and no file of that name
// can do harm.
#include "runtime/cuda/TuningCache.h"

#include "runtime/Error.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace dit::runtime;
using namespace dit::runtime::cuda;
namespace fs = std::filesystem;

namespace {

class TuningCacheTest : public testing::Test {
protected:
  void SetUp() override {
    folder = fs::path(testing::TempDir()) /
             testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(folder);
    path = folder / "ditc" / "tuning.json";
  }
  void TearDown() override { fs::remove_all(folder); }

  TuningCache open() {
    return TuningCache(path.string(), [this](const std::string &sentence) {
      notices.push_back(sentence);
    });
  }
  void write(const std::string &text) {
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }

  fs::path folder, path;
  std::vector<std::string> notices;
};

TEST_F(TuningCacheTest, FindsWhatAnEarlierProcessSaved) {
  {
    TuningCache first = open();
    EXPECT_FALSE(first.find("gpu, shape"));
    first.put("gpu, shape", {"00ff", 12.5});
    EXPECT_EQ(first.find("gpu, shape")->choice, "00ff");
    first.save();
  }
  TuningCache second = open();
  ASSERT_TRUE(second.find("gpu, shape"));
  EXPECT_EQ(second.find("gpu, shape")->choice, "00ff");
  EXPECT_EQ(second.find("gpu, shape")->microseconds, 12.5);
  EXPECT_FALSE(second.find("another gpu, shape"));
  EXPECT_TRUE(notices.empty()) << notices[0];
}

TEST_F(TuningCacheTest, KeepsWhatAnotherProcessSavedInBetween) {
  TuningCache first = open(), second = open();
  first.put("a", {"1", 1});
  second.put("b", {"2", 2});
  first.save();
  second.save();
  TuningCache third = open();
  EXPECT_TRUE(third.find("a"));
  EXPECT_TRUE(third.find("b"));
}

TEST_F(TuningCacheTest, LeavesNoFileBeforeAnythingWasPut) {
  open().save();
  EXPECT_FALSE(fs::exists(path));
}

TEST_F(TuningCacheTest, IgnoresAFileThatIsNotOursAndSaysSo) {
  const std::pair<const char *, const char *> files[] = {
      {"", "is not valid JSON"},
      {"{\"tuning\": 1, \"choices\": {\"a\": {\"choice\"", "not valid JSON"},
      {"[]", "must be an object"},
      {"{}", "'tuning' is missing"},
      {"{\"tuning\": 2, \"choices\": {}}", "tuning"},
      {"{\"tuning\": 1}", "'choices' is missing"},
      {"{\"tuning\": 1, \"choices\": {\"a\": 3}}", "'choices.a'"},
      {"{\"tuning\": 1, \"choices\": {\"a\": {\"choice\": 1, "
       "\"microseconds\": 1}}}",
       "'choices.a.choice'"},
      {"{\"tuning\": 1, \"choices\": {\"a\": {\"choice\": \"x\", "
       "\"microseconds\": -1}}}",
       "'choices.a.microseconds'"},
  };
  for (auto [text, reason] : files) {
    notices.clear();
    write(text);
    TuningCache cache = open();
    EXPECT_FALSE(cache.find("a")) << text;
    ASSERT_EQ(notices.size(), 1u) << text;
    EXPECT_NE(notices[0].find(path.string()), std::string::npos);
    EXPECT_NE(notices[0].find(reason), std::string::npos) << notices[0];
    cache.put("b", {"y", 1});
    cache.save(); // and puts a good one in its place
    EXPECT_EQ(notices.size(), 1u);
    EXPECT_TRUE(open().find("b"));
  }
}

TEST_F(TuningCacheTest, SaysThatAFolderCannotBeWrittenAndGoesOn) {
  fs::create_directories(folder);
  std::ofstream(folder / "ditc") << "a file where the folder would be";
  TuningCache cache = open();
  cache.put("a", {"1", 1});
  cache.save();
  ASSERT_EQ(notices.size(), 1u);
  EXPECT_NE(notices[0].find("is lost with this process"), std::string::npos)
      << notices[0];
  EXPECT_TRUE(cache.find("a"));
}

/// Puts two variables of the environment back as they were.
class Environment {
public:
  ~Environment() {
    for (const auto &[name, value] : before)
      value ? setenv(name, value->c_str(), 1) : unsetenv(name);
  }

private:
  static std::optional<std::string> get(const char *name) {
    const char *value = std::getenv(name);
    return value ? std::optional<std::string>(value) : std::nullopt;
  }
  std::pair<const char *, std::optional<std::string>> before[2] = {
      {"HOME", get("HOME")}, {"XDG_CACHE_HOME", get("XDG_CACHE_HOME")}};
};

TEST(TuningPath, FollowsTheXdgSpecification) {
  Environment restored;
  setenv("HOME", "/home/someone", 1);
  unsetenv("XDG_CACHE_HOME");
  EXPECT_EQ(TuningCache::userPath(), "/home/someone/.cache/ditc/tuning.json");
  setenv("XDG_CACHE_HOME", "relative", 1);
  EXPECT_EQ(TuningCache::userPath(), "/home/someone/.cache/ditc/tuning.json");
  setenv("XDG_CACHE_HOME", "/cache", 1);
  EXPECT_EQ(TuningCache::userPath(), "/cache/ditc/tuning.json");
  unsetenv("XDG_CACHE_HOME");
  unsetenv("HOME");
  EXPECT_EQ(TuningCache::userPath(), "");
  TuningCache cache("", {});
  cache.put("a", {"1", 1});
  cache.save();
  EXPECT_TRUE(cache.find("a"));
}

} // namespace
