// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Floats to bytes, and bytes to a grid.
#include "runtime/images/Image.h"

#include "runtime/Error.h"

#include <algorithm>

namespace dit::runtime {

uint8_t toByte(float value) {
  if (value != value)
    return 0;
  float unit = (std::clamp(value, -1.0f, 1.0f) + 1.0f) / 2.0f;
  return static_cast<uint8_t>(unit * 255.0f + 0.5f);
}

std::vector<uint8_t> toBytes(const Manifest &manifest,
                             std::span<const float> samples) {
  int64_t channels = manifest.channels,
          plane = manifest.height * manifest.width;
  auto count = static_cast<int64_t>(samples.size()) / manifest.sampleFloats();
  std::vector<uint8_t> bytes(samples.size());
  for (int64_t n = 0; n < count; ++n)
    for (int64_t c = 0; c < channels; ++c)
      for (int64_t p = 0; p < plane; ++p)
        bytes[(n * plane + p) * channels + c] =
            toByte(samples[(n * channels + c) * plane + p]);
  return bytes;
}

Image makeGrid(const Manifest &manifest, std::span<const uint8_t> bytes,
               int64_t columns, int64_t padding) {
  int64_t height = manifest.height, width = manifest.width;
  int64_t channels = manifest.channels, rowBytes = width * channels;
  auto count = static_cast<int64_t>(bytes.size()) / (height * rowBytes);
  columns = std::clamp<int64_t>(columns, 1, count);
  int64_t rows = (count + columns - 1) / columns;
  Image grid{rows * (height + padding) + padding,
             columns * (width + padding) + padding,
             channels,
             {}};
  grid.pixels.resize(grid.height * grid.width * channels);
  for (int64_t n = 0; n < count; ++n) {
    int64_t top = padding + n / columns * (height + padding);
    int64_t left = padding + n % columns * (width + padding);
    for (int64_t h = 0; h < height; ++h)
      std::copy_n(bytes.data() + (n * height + h) * rowBytes, rowBytes,
                  grid.pixels.data() +
                      ((top + h) * grid.width + left) * channels);
  }
  return grid;
}

} // namespace dit::runtime
