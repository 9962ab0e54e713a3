// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What was measured on a device once and need not be again: one small JSON file
// in the user's cache folder.
#ifndef DIT_RUNTIME_CUDA_TUNINGCACHE_H
#define DIT_RUNTIME_CUDA_TUNINGCACHE_H

#include <functional>
#include <map>
#include <optional>
#include <string>

namespace dit::runtime::cuda {

/// Told what a user should know and need not act on, one sentence.
using Notice = std::function<void(const std::string &)>;

/// {"tuning": 1, "choices": {"NVIDIA H100 80GB HBM3, cuBLASLt 130100, ...":
/// {"choice": "...", "microseconds": 12.3}}}. A key says all that a choice
/// depends on. The file is only ever a shortcut: one that cannot be read or
/// written, or is not what we wrote, costs a notice and the time to measure
/// again.
class TuningCache {
public:
  struct Choice {
    std::string choice;
    double microseconds = 0; ///< that it took when it was made
  };

  /// `path` may be empty: then nothing is read or kept. So may `notice`.
  TuningCache(std::string path, Notice notice);

  /// $XDG_CACHE_HOME/ditc/tuning.json, else ~/.cache/ditc/tuning.json, else
  /// nothing.
  static std::string userPath();

  std::optional<Choice> find(const std::string &key) const;
  /// Keeps `choice` for this process and, after save(), for later ones.
  void put(const std::string &key, Choice choice);
  /// Adds what was put to what the file holds by now, if anything was.
  void save();

private:
  std::map<std::string, Choice> read();
  void note(const std::string &sentence) const {
    if (notice)
      notice(sentence);
  }

  std::string path;
  Notice notice;
  std::map<std::string, Choice> choices, added;
};

} // namespace dit::runtime::cuda

#endif // DIT_RUNTIME_CUDA_TUNINGCACHE_H
