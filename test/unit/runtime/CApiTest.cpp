// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The C API gives what the C++ one gives, and codes where it throws.
#include "Fixture.h"

#include "runtime/ditc.h"
#include "runtime/sampling/Sampling.h"

#include <sys/wait.h>

#include <cmath>
#include <cstdio>

namespace dit::runtime::test {
namespace {

class CApi : public testing::Test {
protected:
  void SetUp() override {
    writeFile(weights, FakeWeights().file());
    model = ditc_open(fakeArtifactPath().c_str(), weights.c_str(), 2);
    ASSERT_NE(model, nullptr) << ditc_error();
  }
  void TearDown() override { ditc_close(model); }

  Folder folder;
  std::string weights = folder / "w.safetensors";
  ditc_model *model = nullptr;
};

TEST_F(CApi, SaysWhatTheModelIs) {
  ditc_shape s = {};
  s.size = sizeof s;
  ditc_get_shape(model, &s);
  EXPECT_EQ(s.channels, 2);
  EXPECT_EQ(s.height, 4);
  EXPECT_EQ(s.width, 3);
  EXPECT_EQ(s.output_channels, 4);
  EXPECT_EQ(s.classes, 3);
  EXPECT_EQ(s.has_null_class, 1);
  EXPECT_EQ(s.is_latent, 0);
}

TEST_F(CApi, DenoisesInTheCallersMemory) {
  for (int64_t rows : {3, 1, 3}) {
    std::vector<float> x(rows * 24), t(rows), out(rows * 48);
    std::vector<int32_t> y(rows);
    for (size_t i = 0; i < x.size(); ++i)
      x[i] = std::sin(static_cast<float>(i));
    for (int64_t n = 0; n < rows; ++n) {
      t[n] = static_cast<float>(100 * n);
      y[n] = static_cast<int32_t>(3 - n);
    }
    ASSERT_EQ(
        ditc_denoise(model, rows, x.data(), t.data(), y.data(), out.data()), 0);
    for (int64_t n = 0; n < rows; ++n) {
      std::vector<float> one(x.begin() + n * 24, x.begin() + (n + 1) * 24);
      std::vector<float> expected = FakeWeights().network(one, t[n], y[n]);
      EXPECT_TRUE(
          std::equal(expected.begin(), expected.end(), out.begin() + n * 48));
    }
  }
}

TEST_F(CApi, SamplesAsTheCppApiDoes) {
  ditc_sampling s = {};
  s.size = sizeof s;
  ditc_get_defaults(model, &s);
  EXPECT_STREQ(s.sampler, "ddpm");
  EXPECT_STREQ(s.steps, "10");
  EXPECT_EQ(s.cfg_channels, 0);
  s.seed = 9;
  s.cfg_scale = 3;
  s.cfg_channels = 1;
  int64_t seen = 0;
  s.context = &seen;
  s.progress = [](void *context, int64_t done, int64_t) {
    *static_cast<int64_t *>(context) = done;
  };
  int32_t labels[] = {1, 0};
  std::vector<float> x(48);
  ASSERT_EQ(ditc_sample(model, &s, 2, labels, x.data()), 0) << ditc_error();
  EXPECT_EQ(seen, 20);

  auto denoiser = makeFakeDenoiser(folder, 1);
  SampleRequest r = defaultRequest(denoiser->manifest());
  r.labels = {1, 0};
  r.seed = 9;
  r.guidanceScale = 3;
  r.guidanceChannels = 1;
  EXPECT_EQ(sample(*denoiser, r), x);
}

// Of a model that is told a class alone, the class is one of its inputs.
TEST_F(CApi, SamplesWhatItIsTold) {
  ditc_sampling s = {};
  s.size = sizeof s;
  ditc_get_defaults(model, &s);
  s.cfg_scale = 2;
  int32_t labels[] = {1, 0}, none = 3, one = 1;
  std::vector<float> want(48), got(48);
  ASSERT_EQ(ditc_sample(model, &s, 2, labels, want.data()), 0) << ditc_error();
  ditc_tensor told = {sizeof told, "y", labels, 2};
  ASSERT_EQ(ditc_sample_told(model, &s, 2, &told, 1, nullptr, 0, got.data()), 0)
      << ditc_error();
  EXPECT_EQ(got, want);
  ditc_tensor null = {sizeof null, "y", &none, 1};
  ASSERT_EQ(ditc_sample_told(model, &s, 2, &told, 1, &null, 1, got.data()), 0);
  EXPECT_EQ(got, want);
  null.data = &one;
  ASSERT_EQ(ditc_sample_told(model, &s, 2, &told, 1, &null, 1, got.data()), 0);
  EXPECT_NE(got, want);
  auto refuses = [&](std::string sentence) {
    EXPECT_EQ(ditc_sample_told(model, &s, 2, &told, 1, &null, 1, got.data()),
              1);
    EXPECT_EQ(ditc_error(), sentence);
  };
  null.rows = 2;
  refuses("the input 'y' has 2 rows, but the batch 1");
  null.rows = 1, told.rows = 3;
  refuses("the input 'y' has 3 rows, but the batch 2");
  told.rows = 2, told.name = "text";
  refuses("the model has no input 'text'");
  told.name = "x";
  refuses("the input 'x' is the sampler's to tell");
}

TEST_F(CApi, EveryChoiceIsPassedOn) {
  ditc_sampling s = {};
  s.size = sizeof s;
  ditc_get_defaults(model, &s);
  EXPECT_STREQ(s.variance, "learned_range");
  EXPECT_EQ(s.clip_x0, 1);
  EXPECT_EQ(s.shift, 1);
  EXPECT_STREQ(s.cfg_formula, "scale");
  EXPECT_STREQ(s.rng, "counter");
  auto denoiser = makeFakeDenoiser(folder, 1);
  SampleRequest r = defaultRequest(denoiser->manifest());
  r.labels = {1, 0};
  std::vector<float> before, x(48);
  // Each changes the result, and as it does in C++.
  auto expectSame = [&] {
    int32_t labels[] = {1, 0};
    ASSERT_EQ(ditc_sample(model, &s, 2, labels, x.data()), 0) << ditc_error();
    EXPECT_EQ(sample(*denoiser, r), x);
    EXPECT_NE(x, before);
    before = x;
  };
  expectSame();
  s.variance = "fixed_small", r.variance = "fixed_small", expectSame();
  s.clip_x0 = 0, r.clipX0 = false, expectSame();
  s.cfg_scale = 2, r.guidanceScale = 2, expectSame();
  s.cfg_formula = "weight", r.guidanceFormula = "weight", expectSame();
  s.cfg_interval[0] = 200, s.cfg_interval[1] = 700;
  r.guidanceInterval = {200, 700};
  expectSame();
  s.cfg_rescale = 0.5, r.guidanceRescale = 0.5, expectSame();
  s.rng = "torch-cpu", r.rng = "torch-cpu", expectSame();
}

TEST_F(CApi, ErrorsAreSentences) {
  EXPECT_EQ(ditc_open("/none", weights.c_str(), 0), nullptr);
  EXPECT_STREQ(ditc_error(),
               "/none: cannot be opened: no such file or directory");
  EXPECT_EQ(ditc_open(nullptr, nullptr, 0), nullptr);
  EXPECT_STREQ(ditc_error(), "'artifact' must not be null");
  EXPECT_EQ(ditc_open(fakeArtifactPath().c_str(), weights.c_str(), -1),
            nullptr);
  EXPECT_STREQ(ditc_error(),
               "the number of threads must be at least 1, but is -1");
  float x[48] = {}, t = 0;
  int32_t y = 4;
  EXPECT_EQ(ditc_denoise(model, 1, x, &t, &y, x), 1);
  EXPECT_STREQ(ditc_error(), "class 4 is outside 0 .. 2, the classes of "
                             "'arithmetic', and 3, no class");
  y = 0;
  EXPECT_EQ(ditc_denoise(model, 0, x, &t, &y, x), 1);
  EXPECT_STREQ(ditc_error(), "'rows' must be at least 1, but is 0");
  ditc_sampling s = {};
  s.size = sizeof s;
  ditc_get_defaults(model, &s);
  s.sampler = "rk4";
  EXPECT_EQ(ditc_sample(model, &s, 1, &y, x), 1);
  EXPECT_STREQ(
      ditc_error(),
      "there is no sampler 'rk4', but ddpm, ddim, dpm++2m, euler, heun");
  s.rng = nullptr;
  EXPECT_EQ(ditc_sample(model, &s, 1, &y, x), 1);
  EXPECT_STREQ(ditc_error(), "'sampling->rng' must not be null");
  float ok[48];
  EXPECT_EQ(ditc_denoise(model, 1, x, &t, &y, ok), 0);
  EXPECT_STREQ(ditc_error(), "");
  ditc_close(nullptr);
}

TEST_F(CApi, NullIsRefusedEverywhere) {
  auto refuses = [&](int code, const char *sentence) {
    EXPECT_EQ(code, 1);
    EXPECT_STREQ(ditc_error(), sentence);
  };
  float x[48] = {}, t = 0;
  int32_t y = 0;
  int64_t sizes[1];
  ditc_shape shape = {};
  shape.size = sizeof shape;
  ditc_sampling s = {};
  s.size = sizeof s;
  refuses(ditc_get_shape(nullptr, &shape), "'model' must not be null");
  refuses(ditc_get_shape(model, nullptr), "'shape' must not be null");
  refuses(ditc_get_defaults(nullptr, &s), "'model' must not be null");
  refuses(ditc_get_defaults(model, nullptr), "'sampling' must not be null");
  refuses(ditc_sample(nullptr, &s, 1, &y, x), "'model' must not be null");
  refuses(ditc_sample(model, nullptr, 1, &y, x), "'sampling' must not be null");
  refuses(ditc_sample(model, &s, 1, nullptr, x), "'labels' must not be null");
  refuses(ditc_sample(model, &s, 1, &y, nullptr), "'x' must not be null");
  refuses(ditc_denoise(nullptr, 1, x, &t, &y, x), "'model' must not be null");
  refuses(ditc_denoise(model, 1, nullptr, &t, &y, x), "'x' must not be null");
  refuses(ditc_denoise(model, 1, x, nullptr, &y, x), "'t' must not be null");
  refuses(ditc_denoise(model, 1, x, &t, nullptr, x), "'y' must not be null");
  refuses(ditc_denoise(model, 1, x, &t, &y, nullptr), "'out' must not be null");
  refuses(ditc_denoise_on_device(nullptr, 1, x, &t, &y, x),
          "'model' must not be null");
  refuses(ditc_synchronize(nullptr), "'model' must not be null");
  EXPECT_EQ(ditc_get_sizes(nullptr, 1, sizes, sizes), -1);
  EXPECT_STREQ(ditc_error(), "'model' must not be null");
  EXPECT_EQ(ditc_get_sizes(model, 1, nullptr, sizes), -1);
  EXPECT_STREQ(ditc_error(), "'heights' must not be null");
  EXPECT_EQ(ditc_get_sizes(model, 1, sizes, nullptr), -1);
  EXPECT_STREQ(ditc_error(), "'widths' must not be null");
  EXPECT_EQ(ditc_get_sizes(model, 0, nullptr, nullptr), 1);
}

// What a program of an older ditc.h does not know has its default, and is not
// written; what ditc does not know of a newer one must be 0.
TEST_F(CApi, StructsGrow) {
  struct Newer {
    ditc_sampling known;
    int64_t more;
  } newer = {};
  newer.known.size = sizeof newer;
  newer.more = -1;
  ASSERT_EQ(ditc_get_defaults(model, &newer.known), 0) << ditc_error();
  EXPECT_EQ(newer.known.size, sizeof newer);
  EXPECT_EQ(newer.more, -1);
  int32_t y = 0;
  float x[24];
  EXPECT_EQ(ditc_sample(model, &newer.known, 1, &y, x), 1);
  EXPECT_EQ(ditc_error(),
            fmt::format("'sampling' has fields that ditc {} does not know",
                        ditc_version()));
  newer.more = 0;
  EXPECT_EQ(ditc_sample(model, &newer.known, 1, &y, x), 0) << ditc_error();
  for (size_t size : {size_t{0}, size_t{8}, size_t{1} << 40}) {
    ditc_shape shape = {};
    shape.size = size;
    EXPECT_EQ(ditc_get_shape(model, &shape), 1);
    EXPECT_EQ(ditc_error(),
              fmt::format("'shape->size' must be sizeof(ditc_shape), {}, but "
                          "is {}",
                          sizeof shape, size));
    EXPECT_EQ(shape.channels, 0);
  }
}

TEST_F(CApi, AModelForTheCpuHasNoGpu) {
  auto refuses = [&](const ditc_place &place) {
    EXPECT_EQ(ditc_open_at(fakeArtifactPath().c_str(), weights.c_str(), &place),
              nullptr);
    return std::string(ditc_error()).substr(fakeArtifactPath().size());
  };
  int stream = 0;
  EXPECT_EQ(refuses({sizeof(ditc_place), 1, 2, nullptr, 0, 0, 0}),
            ": --device 2 is a GPU's, but the model is compiled for the target "
            "'cpu'");
  EXPECT_EQ(refuses({sizeof(ditc_place), 1, 0, &stream, 0, 0, 0}),
            ": a stream is a GPU's, but the model is compiled for the target "
            "'cpu'");
  float x[48] = {}, t = 0;
  int32_t y = 0;
  EXPECT_EQ(ditc_denoise_on_device(model, 1, x, &t, &y, x), 1);
  EXPECT_EQ(std::string(ditc_error()).substr(fakeArtifactPath().size()),
            ": compiled for the target cpu, so there is no GPU whose memory it "
            "could read");
  EXPECT_EQ(ditc_synchronize(model), 0);
  ditc_model *other =
      ditc_open_at(fakeArtifactPath().c_str(), weights.c_str(), nullptr);
  EXPECT_NE(other, nullptr);
  ditc_close(other);
}

/// What a shell command prints on both streams, and its exit code.
std::pair<int, std::string> shell(const std::string &command) {
  FILE *pipe = popen((command + " 2>&1").c_str(), "r");
  std::string text;
  for (int c; (c = fgetc(pipe)) != EOF;)
    text += static_cast<char>(c);
  return {WEXITSTATUS(pclose(pipe)), text};
}

TEST_F(CApi, TheExampleRuns) {
  std::vector<float> out =
      FakeWeights().network(std::vector<float>(24), 500, 0); // on zeros
  double sum = 0;
  for (float v : out)
    sum += double{v} * v;
  auto [code, text] = shell(std::string(DIT_EXAMPLE) + " " +
                            fakeArtifactPath() + " " + weights);
  EXPECT_EQ(code, 0);
  EXPECT_EQ(text, fmt::format("4x3: mean square {:.9g}\n", sum / 48));
  auto [refused, error] =
      shell(std::string(DIT_EXAMPLE) + " " + weights + " " + weights);
  EXPECT_EQ(refused, 1);
  EXPECT_EQ(error, "denoise: error: " + weights +
                       ": not an artifact: it is not an ELF shared object\n");
}

} // namespace
} // namespace dit::runtime::test
