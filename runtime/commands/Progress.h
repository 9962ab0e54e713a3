// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A progress bar with the time that is left.
#ifndef DIT_RUNTIME_COMMANDS_PROGRESS_H
#define DIT_RUNTIME_COMMANDS_PROGRESS_H

#include <chrono>
#include <cstdint>

namespace dit::runtime {

/// Draws on stderr: a bar that rewrites its line on a terminal, else one plain
/// line for every tenth that is done.
class Progress {
public:
  Progress();
  /// Ends the line of the bar.
  ~Progress();
  void show(int64_t done, int64_t total);
  double seconds() const;

private:
  bool isTerminal;
  bool isLineOpen = false;
  int64_t lastTenth = 0;
  double nextLine = 10; ///< seconds; of those between tenths
  std::chrono::steady_clock::time_point begin, lastDrawn;
};

} // namespace dit::runtime

#endif // DIT_RUNTIME_COMMANDS_PROGRESS_H
