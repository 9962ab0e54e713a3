// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// PNG by libpng, whose errors come back by longjmp: no object with a destructor
// lives across the calls.
#include "runtime/Error.h"
#include "runtime/OutputFile.h"
#include "runtime/images/Image.h"

#include <png.h>

#include <csetjmp>

namespace dit::runtime {

static void writeBytes(png_structp png, png_bytep data, png_size_t count) {
  if (!static_cast<OutputFile *>(png_get_io_ptr(png))->tryWrite(data, count))
    png_error(png, "write");
}

static void flushBytes(png_structp) {}
static void ignoreWarning(png_structp, png_const_charp) {}
static void jumpOnError(png_structp png, png_const_charp) {
  png_longjmp(png, 1);
}

/// False when libpng gave up.
static bool encode(OutputFile &file, const Image &image, png_bytepp rows,
                   png_textp texts, int textCount) {
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr,
                                            jumpOnError, ignoreWarning);
  png_infop info = png ? png_create_info_struct(png) : nullptr;
  if (!info || setjmp(png_jmpbuf(png))) {
    png_destroy_write_struct(&png, &info);
    return false;
  }
  png_set_write_fn(png, &file, writeBytes, flushBytes);
  png_set_IHDR(png, info, static_cast<png_uint_32>(image.width),
               static_cast<png_uint_32>(image.height), 8,
               image.channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB,
               PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  png_set_text(png, info, texts, textCount);
  png_write_info(png, info);
  png_write_image(png, rows);
  png_write_end(png, nullptr);
  png_destroy_write_struct(&png, &info);
  return true;
}

void writePng(OutputFile &file, const Image &image,
              const std::map<std::string, std::string> &texts) {
  if (image.channels != 1 && image.channels != 3)
    fail("{}: a picture has 1 or 3 channels, but the samples have {}",
         file.path(), image.channels);
  constexpr int64_t longest = 1'000'000; // libpng's own limit
  if (image.width > longest || image.height > longest)
    fail("{}: a PNG has at most {} pixels a side, but the grid is {}x{}",
         file.path(), longest, image.height, image.width);
  std::vector<png_bytep> rows;
  for (int64_t h = 0; h < image.height; ++h)
    rows.push_back(const_cast<png_bytep>(image.pixels.data()) +
                   h * image.width * image.channels);
  std::vector<png_text> chunks;
  for (const auto &[key, text] : texts) {
    png_text chunk = {};
    chunk.compression = PNG_TEXT_COMPRESSION_NONE;
    chunk.key = const_cast<char *>(key.c_str());
    chunk.text = const_cast<char *>(text.c_str());
    chunk.text_length = text.size();
    chunks.push_back(chunk);
  }
  if (!encode(file, image, rows.data(), chunks.data(),
              static_cast<int>(chunks.size()))) {
    file.checkWritten();
    fail("{}: the picture of {}x{} cannot be encoded", file.path(),
         image.height, image.width);
  }
}

} // namespace dit::runtime
