// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the bytes of a series depend on: labels, parts and file identities.
#include "Fixture.h"

#include "runtime/Error.h"
#include "runtime/Sha256.h"
#include "runtime/commands/SampleSeries.h"

namespace dit::runtime::test {
namespace {

// FIPS 180-4's examples, and the lengths around the padding's limits.
TEST(Series, Sha256HasItsKnownAnswers) {
  EXPECT_EQ(sha256(""), "e3b0c44298fc1c149afbf4c8996fb924"
                        "27ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223"
                           "b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67"
            "f1809a48a497200e046d39ccc7112cd0");
  EXPECT_EQ(sha256(std::string(55, 'b')), "eb2c86e932179f4ba13fe8715a26124b"
                                          "77d6bad290b9b4c1cc140cf633300c19");
  EXPECT_EQ(sha256(std::string(56, 'b')), "a5fc6e203a4c2b657d0d153885932414"
                                          "b2ffc6a93f0f8bf8b3183315e5a7212c");
  EXPECT_EQ(sha256(std::string(63, 'b')), "94e419fabac7f930810f9636354042f8"
                                          "c1426d2f834d4ab65c93dc1e69326b13");
  EXPECT_EQ(sha256(std::string(64, 'b')), "a0fab1377f49a759b57f63318262ebe8"
                                          "9fabfc990e8e93ceac2984561482b9d4");
  EXPECT_EQ(sha256(std::string(119, 'b')), "68297a9eb141ce16bbc0847da1c0c48e"
                                           "2858704feaa13993bde29f87a198a6e1");
  EXPECT_EQ(sha256(std::string(120, 'b')), "392add47fbaa8197a874ebe770a947a2"
                                           "6dd6f2becce5f64688cc4d18c9da93bd");
}

TEST(Series, PartsMeetAndCoverAll) {
  for (int64_t count : {7, 25, 50'000}) {
    int64_t next = 0;
    for (int part = 1; part <= 7; ++part) {
      SampleRange range = parseShard(std::to_string(part) + "/7", count);
      EXPECT_EQ(range.first, next);
      EXPECT_GT(range.end, range.first);
      next = range.end;
    }
    EXPECT_EQ(next, count);
  }
  for (const char *bad : {"", "1", "0/3", "4/3", "1/0", "1/3x", "-1/3", "1/26"})
    EXPECT_THROW(parseShard(bad, 25), FlagError) << bad;
}

TEST(Series, UniformLabelsCoverTheClassesEvenly) {
  constexpr int classes = 10, samples = 50'000;
  std::vector<int> counts(classes);
  for (int n = 0; n < samples; ++n)
    ++counts.at(static_cast<size_t>(uniformLabel(1, n, classes)));
  // The chi-square of 9 degrees of freedom passes 27.9 once in a thousand.
  double chi = 0;
  for (int c : counts)
    chi += (c - 5000.0) * (c - 5000.0) / 5000.0;
  EXPECT_LT(chi, 27.9);
  EXPECT_NE(uniformLabel(1, 0, 1 << 30), uniformLabel(2, 0, 1 << 30));
}

} // namespace
} // namespace dit::runtime::test
