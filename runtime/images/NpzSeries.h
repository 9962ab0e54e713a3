// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An .npz that grows sample by sample, over as many processes as it takes.
#ifndef DIT_RUNTIME_IMAGES_NPZSERIES_H
#define DIT_RUNTIME_IMAGES_NPZSERIES_H

#include "runtime/images/Image.h"

#include <nlohmann/json.hpp>

#include <span>

namespace dit::runtime {

/// While it grows, PATH.part has the bytes of the finished file up to the last
/// sample, and PATH.part.json says what makes it ("settings"), how many samples
/// are certainly there ("done") and their checksum ("crc32"). The finished file
/// has the settings as its archive comment, so its bytes do not depend on where
/// it was interrupted. Errors begin with a path.
class NpzSeries {
public:
  /// Begins, or goes on with, the file; nothing is left to do when it is there
  /// with these settings. Its array is `dtype`, (end - first, `shape`...) of
  /// the settings' `samples`, [first, end). Throws when another process writes
  /// it, when it was begun or finished with other settings (names each that
  /// differs), or when what is there is damaged.
  NpzSeries(std::string path, nlohmann::ordered_json settings);
  ~NpzSeries();
  NpzSeries(const NpzSeries &) = delete;
  NpzSeries &operator=(const NpzSeries &) = delete;

  /// Samples on the disk.
  int64_t done() const { return samples; }
  int64_t size() const { return array.shape[0]; }
  /// Adds whole samples; they are on the disk afterwards.
  void append(const void *data, size_t bytes);
  /// Puts the complete file in its place, with the samples' labels as `arr_1`.
  /// Nothing may be added afterwards.
  void finish(std::span<const int32_t> labels);

private:
  bool isFinished() const;
  void checkSame(const nlohmann::json &then, const std::string &file,
                 const std::string &toDelete) const;
  void resume(const std::string &journal);
  void verifyData(uint32_t expected);
  void writeJournal();
  void writeAt(const void *data, size_t bytes, int64_t offset);
  [[noreturn]] void failWriting(int code) const;
  size_t sampleBytes() const {
    return array.bytes / static_cast<size_t>(size());
  }

  std::string path, part, journalPath;
  Array array;
  nlohmann::ordered_json settings;
  int fd = -1;
  int64_t dataAt = 0, samples = 0;
  uint32_t crc = 0; ///< of the array's header and the samples
};

/// The array, without data, that a series' settings describe. Throws an Error
/// when they do not.
Array arrayOf(const nlohmann::ordered_json &settings);

/// The settings in the comment of a file that an NpzSeries finished, whose
/// bytes are `file`. Throws an Error without the file's name when it is none.
nlohmann::ordered_json npzSettings(std::string_view file);
/// The samples in such a file, after a check of every byte of it.
std::string_view npzSamples(std::string_view file);
/// Their labels, of a file that npzSamples() found whole.
std::vector<int32_t> npzLabels(std::string_view file);

} // namespace dit::runtime

#endif // DIT_RUNTIME_IMAGES_NPZSERIES_H
