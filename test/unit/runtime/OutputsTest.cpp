// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Files that appear whole or not at all, and the formats of pictures and
// arrays.
#include "Fixture.h"

#include "runtime/OutputFile.h"
#include "runtime/images/Image.h"

#include <png.h>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>

namespace dit::runtime::test {
namespace {

TEST(OutputFile, AppearsOnCommitAlone) {
  Folder folder;
  std::string path = folder / "out.bin";
  {
    OutputFile file(path, 1 << 20);
    file.write("abc");
    EXPECT_NE(access(path.c_str(), F_OK), 0);
  }
  EXPECT_TRUE(folder.names().empty())
      << "nothing is left of a file not committed";
  {
    OutputFile file(path, 1 << 20);
    file.write("abc");
    file.commit();
  }
  EXPECT_EQ(readFile(path), "abc");
  EXPECT_EQ(folder.names().size(), 1u);
  struct stat info;
  stat(path.c_str(), &info);
  mode_t mask = umask(0);
  umask(mask);
  EXPECT_EQ(info.st_mode & 0777, 0666 & ~mask);
  EXPECT_LE(info.st_blocks * 512, 65536) << "the reserve was given back";
}

TEST(OutputFile, ReplacesAFileAndFollowsALink) {
  Folder folder;
  writeFile(folder / "target", "old");
  ASSERT_EQ(symlink((folder / "target").c_str(), (folder / "link").c_str()), 0);
  {
    OutputFile file(folder / "link");
    file.write("new");
    EXPECT_EQ(readFile(folder / "target"), "old");
    file.commit();
  }
  EXPECT_EQ(readFile(folder / "target"), "new");
  struct stat info;
  lstat((folder / "link").c_str(), &info);
  EXPECT_TRUE(S_ISLNK(info.st_mode));
}

TEST(OutputFile, PlacesThatCannotBeWritten) {
  Folder folder;
  EXPECT_EQ(errorOf([&] { OutputFile(folder / "none/out"); }),
            (folder / "none/out") +
                ": cannot be written: no such file or directory");
  EXPECT_EQ(errorOf([&] { OutputFile{folder.path}; }),
            folder.path + ": cannot be written: it is a directory");
  EXPECT_EQ(errorOf([&] {
              OutputFile("/proc/out.npy");
            }).find("/proc/out.npy: cannot be written: "),
            0u);
  if (geteuid() == 0)
    return; // root may write anywhere
  chmod(folder.path.c_str(), 0500);
  EXPECT_EQ(errorOf([&] { OutputFile(folder / "out"); }),
            (folder / "out") + ": cannot be written: permission denied");
  chmod(folder.path.c_str(), 0700);
}

TEST(OutputFile, FullDevice) {
  Folder folder;
  ASSERT_EQ(symlink("/dev/full", (folder / "out.npy").c_str()), 0);
  std::string path = folder / "out.npy";
  EXPECT_EQ(errorOf([&] {
              OutputFile file(path, 100);
              file.write("abc");
            }),
            path + ": cannot be written: no space left on device");
  std::vector<float> values(100);
  EXPECT_EQ(errorOf([&] {
              OutputFile file(path);
              writePng(file, Image{2, 2, 1, std::vector<uint8_t>(4)}, {});
              file.commit();
            }),
            path + ": cannot be written: no space left on device");
}

TEST(OutputFile, NoRoomIsFoundBeforeTheWork) {
  Folder folder;
  std::string path = folder / "out.npy";
  std::string error = errorOf([&] { OutputFile(path, int64_t{1} << 60); });
  EXPECT_EQ(
      error.find(path + ": 1152921504606846976 bytes cannot be reserved: "), 0u)
      << error;
  EXPECT_TRUE(folder.names().empty());
}

/// A limit on the size of files stands for a disk that fills up half-way.
TEST(OutputFile, WritingThatStopsHalfWayLeavesNothing) {
  Folder folder;
  rlimit old;
  getrlimit(RLIMIT_FSIZE, &old);
  auto oldHandler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small{4096, old.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  std::string path = folder / "out.npy";
  std::vector<float> values(10000);
  std::string error = errorOf([&] {
    OutputFile file(path);
    writeNpy(file, {"<f4", {10000}, values.data(), 40000});
    file.commit();
  });
  setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, oldHandler);
  EXPECT_EQ(error, path + ": cannot be written: file too large");
  EXPECT_TRUE(folder.names().empty());
}

TEST(Image, BytesAreThePublishedOnes) {
  EXPECT_EQ(toByte(-1), 0);
  EXPECT_EQ(toByte(-5), 0);
  EXPECT_EQ(toByte(1), 255);
  EXPECT_EQ(toByte(7), 255);
  EXPECT_EQ(toByte(0), 128); // 127.5 + 0.5, truncated
  EXPECT_EQ(toByte(-0.001f), 127);
  EXPECT_EQ(toByte(__builtin_nanf("")), 0);
  EXPECT_EQ(toByte(-__builtin_inff()), 0);
  for (int b = 0; b < 256; ++b)
    EXPECT_EQ(toByte(static_cast<float>(b) / 127.5f - 1), b);
}

Manifest imageManifest(int64_t channels) {
  Manifest m = parseManifest(fakeManifestText());
  m.channels = channels;
  m.height = 2;
  m.width = 3;
  return m;
}

TEST(Image, ChannelsGoLast) {
  Manifest m = imageManifest(3);
  std::vector<float> samples(2 * 18);
  for (size_t i = 0; i < samples.size(); ++i)
    samples[i] = static_cast<float>(i) / 127.5f - 1;
  std::vector<uint8_t> bytes = toBytes(m, samples);
  for (int n = 0; n < 2; ++n)
    for (int c = 0; c < 3; ++c)
      for (int p = 0; p < 6; ++p)
        EXPECT_EQ(bytes[(n * 6 + p) * 3 + c], (n * 3 + c) * 6 + p);
}

struct DecodedPng {
  uint32_t height = 0, width = 0, channels = 0;
  std::vector<uint8_t> pixels;
  std::string text;
};

DecodedPng readPng(const std::string &path) {
  DecodedPng result;
  FILE *file = fopen(path.c_str(), "rb");
  png_structp png =
      png_create_read_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_init_io(png, file);
  png_read_png(png, info, PNG_TRANSFORM_IDENTITY, nullptr);
  result.height = png_get_image_height(png, info);
  result.width = png_get_image_width(png, info);
  result.channels = png_get_channels(png, info);
  for (uint32_t h = 0; h < result.height; ++h) {
    png_bytep row = png_get_rows(png, info)[h];
    result.pixels.insert(result.pixels.end(), row,
                         row + result.width * result.channels);
  }
  png_textp texts;
  int count = 0;
  png_get_text(png, info, &texts, &count);
  if (count > 0)
    result.text = std::string(texts[0].key) + "=" + texts[0].text;
  png_destroy_read_struct(&png, &info, nullptr);
  fclose(file);
  return result;
}

TEST(Image, GridAndPng) {
  Folder folder;
  for (int64_t channels : {1, 3}) {
    Manifest m = imageManifest(channels);
    std::vector<uint8_t> bytes(5 * 6 * channels);
    for (size_t i = 0; i < bytes.size(); ++i)
      bytes[i] = static_cast<uint8_t>(100 + i);
    Image grid = makeGrid(m, bytes, 2); // 3 rows of 2, the last half empty
    EXPECT_EQ(grid.height, 3 * 4 + 2);
    EXPECT_EQ(grid.width, 2 * 5 + 2);
    std::string path = folder / "grid.png";
    OutputFile file(path);
    writePng(file, grid, {{"ditc", "{\"seed\":7}"}});
    file.commit();
    DecodedPng png = readPng(path);
    EXPECT_EQ(png.height, 14u);
    EXPECT_EQ(png.width, 12u);
    EXPECT_EQ(png.channels, channels);
    EXPECT_EQ(png.pixels, grid.pixels);
    EXPECT_EQ(png.text, "ditc={\"seed\":7}");
    auto pixel = [&](int64_t h, int64_t w, int64_t c) {
      return png.pixels[(h * 12 + w) * channels + c];
    };
    // Image 3 (row 1, column 1), line 1, column 2.
    EXPECT_EQ(pixel(2 + 4 + 1, 2 + 5 + 2, channels - 1),
              bytes[((3 * 2 + 1) * 3 + 2) * channels + channels - 1]);
    for (int64_t w = 0; w < 12; ++w)
      EXPECT_EQ(pixel(0, w, 0) + pixel(1, w, 0) + pixel(4, w, 0) +
                    pixel(13, w, 0),
                0);
    EXPECT_EQ(pixel(2 + 8, 2 + 5, 0), 0) << "no sixth image";
  }
}

TEST(Image, NpyIsNumpys) {
  Folder folder;
  std::vector<float> values{1, 2, 3, 4, 5, 6};
  for (auto shape : {std::vector<int64_t>{6}, std::vector<int64_t>{1, 2, 3}}) {
    OutputFile file(folder / "a.npy");
    writeNpy(file, {"<f4", shape, values.data(), 24});
    file.commit();
    std::string bytes = readFile(folder / "a.npy");
    ASSERT_EQ(bytes.substr(0, 8), std::string("\x93NUMPY\x01\x00", 8));
    size_t length =
        static_cast<uint8_t>(bytes[8]) + 256 * static_cast<uint8_t>(bytes[9]);
    EXPECT_EQ((10 + length) % 64, 0u);
    std::string header = bytes.substr(10, length);
    EXPECT_EQ(header.back(), '\n');
    std::string expected = shape.size() == 1 ? "(6,)" : "(1, 2, 3)";
    EXPECT_EQ(header.find("{'descr': '<f4', 'fortran_order': False, 'shape': " +
                          expected + ", }"),
              0u)
        << header;
    EXPECT_EQ(bytes.substr(10 + length), floats(values));
  }
}

TEST(Image, NpzIsAZip) {
  Folder folder;
  std::vector<uint8_t> values{1, 2, 3, 4};
  std::string path = folder / "a.npz";
  OutputFile file(path);
  writeNpz(file, "arr_0", {"|u1", {2, 2}, values.data(), 4});
  file.commit();
  // Both sizes stand in the 64-bit field, so their 32-bit ones hold the mark.
  EXPECT_EQ(readFile(path).substr(18, 8), std::string(8, '\xff'));
  // Python's zipfile checks every record and the checksum.
  std::string check =
      "python3 -c \"import zipfile; z = zipfile.ZipFile('" + path +
      "'); assert z.testzip() is None; assert z.namelist() == ['arr_0.npy']; "
      "d = z.read('arr_0.npy'); assert d[-4:] == bytes([1, 2, 3, 4]) and "
      "len(d) == 132 or "
      "len(d) == 68\"";
  if (std::system("command -v python3 > /dev/null") != 0)
    GTEST_SKIP() << "no python3 to read the zip with";
  EXPECT_EQ(std::system(check.c_str()), 0);
}

} // namespace
} // namespace dit::runtime::test
