// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Betas, kept timesteps and tables against the numbers of semantics.md, and
// against those of test/golden/make_schedule_goldens.py.
#include "Fixture.h"

#include "runtime/Sha256.h"
#include "runtime/sampling/Schedule.h"
#include "runtime/sampling/Timesteps.h"

#include <fmt/ranges.h>

#include <cmath>
#include <fstream>

namespace dit::runtime::test {
namespace {

std::vector<double> linearBetas() {
  return makeBetas("linear", 1000, 1e-4, 0.02);
}

std::vector<double> cumulative(const std::vector<double> &betas) {
  std::vector<double> bars;
  double bar = 1;
  for (double b : betas)
    bars.push_back(bar *= 1 - b);
  return bars;
}

TEST(Schedule, LinearHasThePublishedNumbers) {
  std::vector<double> betas = linearBetas();
  EXPECT_EQ(betas.front(), 1e-4);
  EXPECT_EQ(betas.back(), 0.02);
  std::vector<double> bars = cumulative(betas);
  EXPECT_DOUBLE_EQ(bars[0], 0.9999);
  EXPECT_NEAR(bars[499], 0.0785872, 5e-8);
  EXPECT_NEAR(bars[999], 4.03583e-5, 5e-11);
}

TEST(Schedule, SquaredCosineHasThePublishedNumbers) {
  std::vector<double> betas = makeBetas("squared_cosine", 1000, 0, 0);
  EXPECT_NEAR(betas[0], 4.1284e-5, 5e-10);
  EXPECT_EQ(betas[999], 0.999);
}

TEST(Schedule, QuadraticIsSpacedInTheRoot) {
  std::vector<double> betas = makeBetas("quadratic", 5, 0.01, 0.25);
  for (int i = 0; i < 5; ++i)
    EXPECT_NEAR(std::sqrt(betas[i]), 0.1 + 0.1 * i, 1e-15);
}

TEST(Respacing, KeepsThePublishedTimesteps) {
  auto t = keptTimesteps(1000, "250");
  ASSERT_EQ(t.size(), 250u);
  EXPECT_EQ(std::vector<int64_t>(t.begin(), t.begin() + 6),
            (std::vector<int64_t>{0, 4, 8, 12, 16, 20}));
  EXPECT_EQ(std::vector<int64_t>(t.end() - 3, t.end()),
            (std::vector<int64_t>{991, 995, 999}));
  t = keptTimesteps(1000, "50");
  ASSERT_EQ(t.size(), 50u);
  EXPECT_EQ(std::vector<int64_t>(t.begin(), t.begin() + 5),
            (std::vector<int64_t>{0, 20, 41, 61, 82}));
  EXPECT_EQ(std::vector<int64_t>(t.end() - 2, t.end()),
            (std::vector<int64_t>{979, 999}));
  EXPECT_EQ(keptTimesteps(1000, "7")[1], 166);
  EXPECT_EQ(keptTimesteps(1000, "1"), std::vector<int64_t>{0});
  EXPECT_EQ(keptTimesteps(1, "1"), std::vector<int64_t>{0});
  EXPECT_EQ(keptTimesteps(1000, "1000").back(), 999);
}

TEST(Respacing, EveryCountIsAscendingFromFirstToLast) {
  for (int64_t count = 2; count <= 1000; ++count) {
    auto t = keptTimesteps(1000, std::to_string(count));
    ASSERT_EQ(t.size(), static_cast<size_t>(count));
    EXPECT_EQ(t.front(), 0);
    EXPECT_EQ(t.back(), 999);
    for (int64_t i = 1; i < count; ++i)
      EXPECT_LT(t[i - 1], t[i]);
  }
}

std::string digestOf(const std::string &spelling) {
  try {
    return sha256(
               fmt::format("{}", fmt::join(keptTimesteps(1000, spelling), " ")))
        .substr(0, 8);
  } catch (const FlagError &) {
    return "-";
  }
}

TEST(Respacing, KeepsWhatThePublishedRuleKeepsForEveryCount) {
  std::ifstream golden(DIT_REPO "/test/golden/respacing.txt");
  int lines = 0, strided = 0;
  std::string count, spread, strides;
  while (golden >> count >> spread >> strides) {
    EXPECT_EQ(digestOf(count), spread) << count;
    EXPECT_EQ(digestOf("ddim" + count), strides) << count;
    EXPECT_EQ(count, std::to_string(++lines));
    strided += strides != "-";
  }
  EXPECT_EQ(lines, 1000);
  EXPECT_EQ(strided, 62);
}

TEST(Schedule, AlphaBarIsExactToTheTwelfthDigit) {
  std::ifstream golden(DIT_REPO "/test/golden/schedules.txt");
  std::string name;
  size_t t;
  double expected;
  int lines = 0;
  while (golden >> name >> t >> expected) {
    double bar = cumulative(makeBetas(name, 1000, 1e-4, 0.02))[t];
    EXPECT_NEAR(bar, expected, 1e-12 * expected) << name << " " << t;
    ++lines;
  }
  EXPECT_EQ(lines, 60);
}

// How many counts would differ, had the rule been another.
TEST(Respacing, RoundsTheAccumulatedSumHalfToEven) {
  std::vector<int64_t> halfUp, multiplied;
  for (int64_t count = 2; count <= 1000; ++count) {
    double stride = 999.0 / static_cast<double>(count - 1), current = 0;
    std::vector<int64_t> up, product;
    for (int64_t i = 0; i < count; ++i, current += stride) {
      up.push_back(static_cast<int64_t>(std::floor(current + 0.5)));
      product.push_back(static_cast<int64_t>(
          std::nearbyint(stride * static_cast<double>(i))));
    }
    std::vector<int64_t> kept = keptTimesteps(1000, std::to_string(count));
    if (up != kept)
      halfUp.push_back(count);
    if (product != kept)
      multiplied.push_back(count);
  }
  EXPECT_EQ(halfUp.size(), 49u);
  halfUp.resize(10);
  EXPECT_EQ(halfUp,
            (std::vector<int64_t>{7, 13, 19, 25, 31, 37, 49, 55, 67, 73}));
  EXPECT_EQ(multiplied.size(), 278u);
}

TEST(Respacing, StridesAreWholeWhenAskedFor) {
  auto t = keptTimesteps(1000, "ddim50");
  ASSERT_EQ(t.size(), 50u);
  for (int64_t i = 0; i < 50; ++i)
    EXPECT_EQ(t[i], 20 * i);
  EXPECT_EQ(keptTimesteps(1000, "ddim1000").size(), 1000u);
  EXPECT_EQ(errorOf([] { keptTimesteps(1000, "ddim600"); }),
            "no whole stride over 1000 timesteps keeps 600 of them: leave out "
            "'ddim', or "
            "choose another number");
}

using Timesteps = std::vector<int64_t>;

// diffusers' DDIMScheduler(timestep_spacing=...).set_timesteps(n), ascending.
TEST(Respacing, SpacingsAreThoseOfDiffusers) {
  EXPECT_EQ(keptTimesteps(1000, "7", "leading"),
            (Timesteps{0, 142, 284, 426, 568, 710, 852}));
  EXPECT_EQ(keptTimesteps(1000, "7", "trailing"),
            (Timesteps{142, 285, 428, 570, 713, 856, 999}));
  EXPECT_EQ(keptTimesteps(1000, "7", "linspace"),
            (Timesteps{0, 166, 333, 500, 666, 832, 999}));
  // Where the exact values are halves, numpy's additions decide.
  EXPECT_EQ(keptTimesteps(1000, "48", "trailing")[8], 186);
  for (const char *spacing : {"leading", "trailing", "linspace"})
    for (int64_t count = 1; count <= 1000; ++count) {
      Timesteps kept = keptTimesteps(1000, std::to_string(count), spacing);
      ASSERT_EQ(std::ssize(kept), count);
      for (int64_t i = 0; i < count; ++i)
        ASSERT_TRUE(kept[i] >= 0 && kept[i] < 1000 &&
                    (i == 0 || kept[i] > kept[i - 1]))
            << spacing << " " << count;
    }
}

// guided-diffusion's space_timesteps(1000, "10,15,20").
TEST(Respacing, SectionsHaveTheirOwnCounts) {
  Timesteps t = keptTimesteps(1000, "10,15,20");
  ASSERT_EQ(t.size(), 45u);
  EXPECT_EQ((Timesteps{t[0], t[1], t[9], t[10], t[24], t[25], t[44]}),
            (Timesteps{0, 37, 333, 334, 666, 667, 999}));
  EXPECT_EQ(keptTimesteps(10, "1,2,3"), (Timesteps{0, 4, 6, 7, 8, 9}));
  EXPECT_EQ(errorOf([] { keptTimesteps(10, "1,5,3"); }),
            "section 2 of the steps has 3 timesteps, of which 1 to 3 can be "
            "kept, but not 5");
}

TEST(Respacing, ListsAreTakenAsTheyAre) {
  EXPECT_EQ(listedTimesteps(1000, "999,750,500"), (Timesteps{500, 750, 999}));
  EXPECT_EQ(listedTimesteps(1000, "7"), (Timesteps{7}));
  for (const char *bad : {"", "1000", "5,5", "5,6", "5,-1", "5.5", "5,", "x"})
    EXPECT_EQ(errorOf([&] { listedTimesteps(1000, bad); }),
              std::string("the timesteps must be integers that descend from at "
                          "most 999 to at least 0, such as 999,750,500, but "
                          "are '") +
                  bad + "'");
  EXPECT_EQ(listedSigmas("1,0.75,0.5"), (std::vector<double>{1, 0.75, 0.5, 0}));
  for (const char *bad : {"", "1.5", "1,0", "0.5,0.5", "0.5,0.6", "nan", "1,"})
    EXPECT_THROW(listedSigmas(bad), FlagError) << bad;
}

TEST(Respacing, NonsenseIsRefused) {
  for (const char *text :
       {"", "0", "-3", "1001", "5x", "ddim", "ddim0", "ddim-1", "1e2", " 5",
        "99999999999999999999", "DDIM50"}) {
    EXPECT_THROW(keptTimesteps(1000, text), FlagError) << text;
    EXPECT_EQ(
        errorOf([&] { keptTimesteps(1000, text); }),
        std::string("the number of steps must be an integer from 1 to 1000 or "
                    "ddimN, or one for each of several sections, but is '") +
            text + "'");
  }
}

TEST(Respacing, BetasKeepAlphaBar) {
  Schedule s = respace(linearBetas(), keptTimesteps(1000, "250"));
  EXPECT_NEAR(s.beta[0], 1e-4, 1e-15);
  EXPECT_NEAR(s.beta[1], 5.990656e-4, 5e-11);
  EXPECT_NEAR(s.beta[249], 0.0775193, 5e-8);
  std::vector<double> bars = cumulative(linearBetas());
  for (int64_t k = 0; k < 250; ++k)
    EXPECT_NEAR(s.alphaBar[k], bars[s.timesteps[k]], 1e-14);
}

TEST(Respacing, PosteriorTablesFollowTheFormulas) {
  Schedule s = respace(linearBetas(), keptTimesteps(1000, "10"));
  EXPECT_EQ(s.posteriorVariance[0], 0);
  EXPECT_EQ(s.posteriorLogVariance[0], std::log(s.posteriorVariance[1]));
  for (int k = 1; k < 10; ++k) {
    double ab = s.alphaBar[k], abp = s.alphaBar[k - 1], beta = 1 - ab / abp;
    EXPECT_NEAR(s.posteriorVariance[k], beta * (1 - abp) / (1 - ab), 1e-14);
    EXPECT_NEAR(s.posteriorX0[k], beta * std::sqrt(abp) / (1 - ab), 1e-14);
    EXPECT_NEAR(s.posteriorX[k], (1 - abp) * std::sqrt(1 - beta) / (1 - ab),
                1e-14);
  }
  // One step: the clipped table has one entry, which is the entry itself.
  Schedule one = respace(linearBetas(), {0});
  EXPECT_EQ(one.posteriorLogVariance[0], -INFINITY);
}

} // namespace
} // namespace dit::runtime::test
