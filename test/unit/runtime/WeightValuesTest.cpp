// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What weight files are read as, random weights, and the memory they take.
#include "Fixture.h"
#include "ResidentMemory.h"

#include "runtime/OutputFile.h"
#include "runtime/Safetensors.h"

#include <unistd.h>

#include <bit>
#include <cmath>
#include <cstring>

namespace dit::runtime::test {
namespace {

/// Weights of every dtype, the data at an odd address of the file.
TEST(Weights, EveryDtypeIsReadAtAnyAlignment) {
  Folder folder;
  std::string path = folder / "w.safetensors";
  Manifest m = parseManifest(fakeManifestText());
  std::vector<float> labels{1,        -2,       0.5f,  65504,
                            0x1p-24f, INFINITY, -0.0f, 0x1.554p-2f};
  for (std::string padding : {"", " ", "  ", "   "}) {
    // gain BF16, bias F32, label F16.
    std::string header =
        R"({"gain":{"dtype":"BF16","shape":[2,2],"data_offsets":[0,8]},)"
        R"("bias":{"dtype":"F32","shape":[2],"data_offsets":[8,16]},)"
        R"("label":{"dtype":"F16","shape":[4,2],"data_offsets":[16,32]}})" +
        padding;
    std::string data;
    for (uint16_t v : {0x3f80, 0xc000, 0x7f80, 0x0001})
      data += std::string(reinterpret_cast<char *>(&v), 2);
    data += floats({0.1f, -7});
    for (uint16_t v :
         {0x3c00, 0xc000, 0x3800, 0x7bff, 0x0001, 0x7c00, 0x8000, 0x3555})
      data += std::string(reinterpret_cast<char *>(&v), 2);
    writeFile(path, safetensors(header, data));
    auto weights = openWeights(path, m);
    const float *g = weights->read(0), *b = weights->read(1),
                *l = weights->read(2);
    EXPECT_EQ(g[0], 1);
    EXPECT_EQ(g[1], -2);
    EXPECT_EQ(g[2], INFINITY);
    EXPECT_EQ(g[3], std::bit_cast<float>(0x00010000));
    EXPECT_EQ(b[0], 0.1f);
    EXPECT_EQ(b[1], -7);
    for (int i = 0; i < 8; ++i)
      EXPECT_EQ(std::bit_cast<uint32_t>(l[i]),
                std::bit_cast<uint32_t>(labels[i]))
          << i;
    weights->release(2);
    EXPECT_EQ(weights->read(2)[3], 65504) << "read again after release";
    EXPECT_EQ(weights->read(3), nullptr);
    EXPECT_EQ(weights->read(-1), nullptr);
    weights->release(99);
  }
}

TEST(Weights, DoublesAreRoundedToFloats) {
  Folder folder;
  std::string path = folder / "w.safetensors";
  Manifest m = parseManifest(fakeManifestText());
  m.weights = {{"w", {2}}};
  const double values[] = {0.1, 1 + 0x1p-40};
  writeFile(
      path,
      safetensors(R"({"w":{"dtype":"F64","shape":[2],"data_offsets":[0,16]}})",
                  std::string(reinterpret_cast<const char *>(values), 16)));
  auto weights = openWeights(path, m);
  EXPECT_EQ(weights->read(0)[0], 0.1f);
  EXPECT_EQ(weights->read(0)[1], 1.0f);
}

/// Every half there is against its definition.
TEST(Weights, AllHalvesAreConverted) {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    auto half = static_cast<uint16_t>(bits);
    float got;
    convertToFloat("F16", reinterpret_cast<char *>(&half), 1, &got);
    int exponent = (half >> 10) & 31, mantissa = half & 1023;
    double magnitude = exponent == 0 ? std::ldexp(mantissa, -24)
                       : exponent == 31
                           ? (mantissa ? NAN : INFINITY)
                           : std::ldexp(1024 + mantissa, exponent - 25);
    if (std::isnan(magnitude))
      EXPECT_TRUE(std::isnan(got));
    else
      EXPECT_EQ(got, static_cast<float>(half & 0x8000 ? -magnitude : magnitude))
          << bits;
  }
}

// Reading all weights one after the other keeps about one of them in memory,
// mapped or converted.
TEST(Weights, ReleasedTensorsTakeNoMemory) {
#if __has_feature(address_sanitizer)
  GTEST_SKIP() << "AddressSanitizer keeps freed memory for a while";
#endif
  Folder folder;
  std::string path = folder / "w.safetensors";
  constexpr int64_t count = 8, elements = 2 << 20;
  for (const char *dtype : {"F32", "BF16"}) {
    Manifest m = parseManifest(fakeManifestText());
    m.weights.clear();
    std::string header;
    int64_t end = 0;
    for (int64_t i = 0; i < count; ++i) {
      int64_t begin = end;
      end += elements * (dtype[0] == 'F' ? 4 : 2);
      m.weights.push_back({fmt::format("w{}", i), {elements}});
      header += fmt::format(
          R"({}"w{}":{{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}})",
          i ? "," : "{", i, dtype, elements, begin, end);
    }
    std::string start = safetensors(header + "}", "");
    writeFile(path, start);
    ASSERT_EQ(truncate(path.c_str(), static_cast<off_t>(start.size()) + end),
              0);
    auto weights = openWeights(path, m);
    int64_t most = mostBytesWhileReading(*weights, count, elements);
    EXPECT_LT(most, 2 * elements * 4)
        << dtype << " of " << count * elements * 4;
  }
}

TEST(Weights, RandomOnesAreReproducibleAndOfUnitGain) {
  Manifest m = parseManifest(fakeManifestText());
  m.weights = {{"w", {512, 256}}, {"b", {4096}}};
  auto a = randomWeights(1, m), b = randomWeights(1, m),
       other = randomWeights(2, m);
  const float *w = a->read(0), *same = b->read(0), *different = other->read(0);
  EXPECT_EQ(std::memcmp(w, same, 512 * 256 * 4), 0);
  EXPECT_NE(std::memcmp(w, different, 512 * 256 * 4), 0);
  double mean = 0, square = 0, lag = 0;
  for (int i = 0; i < 512 * 256; ++i) {
    mean += w[i] / (512 * 256);
    square += double{w[i]} * w[i] / 512;
    lag += i > 0 ? double{w[i]} * w[i - 1] / 512 : 0;
  }
  EXPECT_NEAR(mean, 0, 1e-3);
  EXPECT_NEAR(square, 1, 0.02); // variance 1/256 times fan-in 256
  EXPECT_NEAR(lag, 0, 0.02);
  const float *bias = a->read(1);
  double biasSquare = 0;
  for (int i = 0; i < 4096; ++i)
    biasSquare += double{bias[i]} * bias[i] / 4096;
  EXPECT_NEAR(std::sqrt(biasSquare), 0.2 / std::sqrt(3), 0.005);
}

TEST(Safetensors, WrittenFilesAreReadBack) {
  Folder folder;
  std::string path = folder / "x.safetensors";
  std::vector<float> a{1, 2, 3, 4, 5, 6}, b{-1};
  {
    OutputFile out(path);
    writeSafetensors(out, {{"a", {2, 3}, a}, {"b \"x\"", {}, b}},
                     {{"seed", "7"}});
    out.commit();
  }
  SafetensorsFile file(path);
  ASSERT_EQ(file.tensors().size(), 2u);
  const StoredTensor *found = file.find("a");
  EXPECT_EQ(found->shape, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(found->begin % 8, 0u);
  std::vector<float> back(6);
  readFloats(file, *found, back.data());
  EXPECT_EQ(back, a);
  EXPECT_EQ(file.find("b \"x\"")->elements(), 1);
  EXPECT_NE(readFile(path).find(R"("__metadata__":{"seed":"7"})"),
            std::string::npos);
}

} // namespace
} // namespace dit::runtime::test
