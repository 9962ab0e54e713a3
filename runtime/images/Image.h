// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Samples as files: a grid of pictures, or arrays.
#ifndef DIT_RUNTIME_IMAGES_IMAGE_H
#define DIT_RUNTIME_IMAGES_IMAGE_H

#include "runtime/Manifest.h"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace dit::runtime {

class OutputFile;

/// Bytes (height, width, channels), 1 channel for grey, 3 for red, green, blue.
struct Image {
  int64_t height = 0, width = 0, channels = 0;
  std::vector<uint8_t> pixels;
};

/// The byte of a value in [-1, 1] as the published sampler makes it: clamp, map
/// to [0, 1], times 255, plus 0.5, truncate. A NaN is 0.
uint8_t toByte(float value);

/// `samples` (N, C, H, W) as bytes (N, H, W, C).
std::vector<uint8_t> toBytes(const Manifest &manifest,
                             std::span<const float> samples);

/// Images of `bytes` (N, H, W, C) in rows of `columns`, with `padding` black
/// pixels around and between them.
Image makeGrid(const Manifest &manifest, std::span<const uint8_t> bytes,
               int64_t columns, int64_t padding = 2);

/// A PNG; `texts` become tEXt chunks (Latin-1).
void writePng(OutputFile &file, const Image &image,
              const std::map<std::string, std::string> &texts);

/// An array for `.npy` and `.npz`.
struct Array {
  std::string dtype; ///< numpy's: "|u1", "<f4"
  std::vector<int64_t> shape;
  const void *data = nullptr;
  size_t bytes = 0;
};

/// Format version 1.0 of numpy's `.npy`, C order.
void writeNpy(OutputFile &file, const Array &array);
/// What stands before an array's data in a `.npy`, of a multiple of 64 bytes.
std::string npyHeader(const Array &array);

/// A zip (stored, 64-bit records) that holds the array `name`.
void writeNpz(OutputFile &file, const std::string &name, const Array &array);

/// The bytes of an `.npz` around the data of its first array.
struct NpzFrame {
  std::string before, after;
};
/// `array` without data; `crc` is the zip checksum of its header and its data.
/// The sizes of both parts do not depend on it. `labels`, where there are any,
/// follow as `arr_1`, int64. `comment`, the archive's, has at most 65,535
/// bytes.
NpzFrame npzFrame(const std::string &name, const Array &array, uint32_t crc,
                  std::span<const int64_t> labels = {},
                  const std::string &comment = "");

/// The zip checksum (reflected polynomial 0xEDB88320), continued from `crc`,
/// which is 0 before the first byte.
uint32_t crc32(uint32_t crc, const void *data, size_t bytes);

} // namespace dit::runtime

#endif // DIT_RUNTIME_IMAGES_IMAGE_H
