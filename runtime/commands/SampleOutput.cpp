// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Samples to .png, .npy, .npz and .safetensors.
#include "runtime/commands/SampleOutput.h"

#include "runtime/Error.h"
#include "runtime/Safetensors.h"
#include "runtime/images/Image.h"

#include <algorithm>
#include <cctype>

namespace dit::runtime {

/// ".png" of "out/digits.png" and "OUT.PNG".
static std::string extensionOf(const std::string &path) {
  if (path == "-")
    return ".npy"; // which says its own size
  size_t dot = path.rfind('.'), slash = path.rfind('/');
  if (dot == std::string::npos || (slash != std::string::npos && dot < slash))
    return "";
  std::string extension = path.substr(dot);
  for (char &c : extension)
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return extension;
}

SampleOutput::SampleOutput(const std::string &path, const Manifest &manifest,
                           int64_t count, int64_t columns)
    : manifest(manifest), count(count), columns(std::min(columns, count)),
      extension(extensionOf(path)) {
  if (extension != ".png" && extension != ".npy" && extension != ".npz" &&
      extension != ".safetensors")
    failFlag(
        "the output must end in .png, .npy, .npz or .safetensors, but is {}",
        inQuotes(path));
  int64_t values = count * manifest.sampleFloats();
  if (extension == ".png") {
    if (manifest.isLatent())
      failFlag(
          "{} makes latents ({}x{}x{}), which are no picture before a decoder: "
          "write .safetensors, .npy or .npz instead of {}",
          inQuotes(manifest.name), manifest.channels, manifest.height,
          manifest.width, inQuotes(path));
    if (manifest.channels != 1 && manifest.channels != 3)
      failFlag(
          "a picture has 1 or 3 channels, but the samples of {} have {}: write "
          ".safetensors, .npy or .npz",
          inQuotes(manifest.name), manifest.channels);
  }
  bool isBytes = !manifest.isLatent() && extension != ".safetensors";
  constexpr int64_t headers = 4096;
  file =
      std::make_unique<OutputFile>(path, values * (isBytes ? 1 : 4) + headers);
}

void SampleOutput::write(std::span<const float> samples,
                         const std::string &settings) {
  int64_t c = manifest.channels, h = manifest.height, w = manifest.width;
  if (extension == ".safetensors") {
    writeSafetensors(*file, {{"x", {count, c, h, w}, samples}},
                     {{"ditc", settings}});
    file->commit();
    return;
  }
  std::vector<uint8_t> bytes;
  if (!manifest.isLatent())
    bytes = toBytes(manifest, samples);
  if (extension == ".png") {
    writePng(*file, makeGrid(manifest, bytes, columns), {{"ditc", settings}});
    file->commit();
    return;
  }
  Array array{"<f4", {count, c, h, w}, samples.data(), samples.size_bytes()};
  if (!manifest.isLatent()) {
    array = {"|u1", {count, h, w}, bytes.data(), bytes.size()};
    if (c > 1)
      array.shape.push_back(c);
  }
  if (extension == ".npy")
    writeNpy(*file, array);
  else
    writeNpz(*file, "arr_0", array);
  file->commit();
}

int64_t defaultColumns(int64_t count, int64_t repeat) {
  if (repeat > 1)
    return repeat;
  int64_t columns = 4;
  while (columns * columns < count)
    ++columns;
  return columns;
}

} // namespace dit::runtime
