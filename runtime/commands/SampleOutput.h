// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where samples go: the file type is the extension of -o.
#ifndef DIT_RUNTIME_COMMANDS_SAMPLEOUTPUT_H
#define DIT_RUNTIME_COMMANDS_SAMPLEOUTPUT_H

#include "runtime/Manifest.h"
#include "runtime/OutputFile.h"

#include <memory>
#include <span>
#include <string>

namespace dit::runtime {

/// Opens the file, and finds everything that is wrong with it, before the
/// sampling.
class SampleOutput {
public:
  /// Throws a FlagError when the model's samples cannot be such a file, an
  /// Error when the file cannot be written.
  SampleOutput(const std::string &path, const Manifest &manifest, int64_t count,
               int64_t columns);
  /// `samples` (N, C, H, W) and the settings that made them; then the file is
  /// there.
  void write(std::span<const float> samples, const std::string &settings);

private:
  const Manifest &manifest;
  int64_t count, columns;
  std::string extension;
  std::unique_ptr<OutputFile> file;
};

/// A row for each class when every class has several samples, else a square, at
/// least four wide as in the published sampler.
int64_t defaultColumns(int64_t count, int64_t repeat);

} // namespace dit::runtime

#endif // DIT_RUNTIME_COMMANDS_SAMPLEOUTPUT_H
