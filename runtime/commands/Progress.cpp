// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Drawing of the progress bar; ten times a second is enough for the eye.
#include "runtime/commands/Progress.h"
#include "runtime/commands/Messages.h"

#include <fmt/core.h>

#include <unistd.h>

#include <algorithm>

namespace dit::runtime {

using Clock = std::chrono::steady_clock;

Progress::Progress()
    : isTerminal(isatty(STDERR_FILENO) == 1), begin(Clock::now()), lastDrawn() {
}

Progress::~Progress() {
  if (isLineOpen)
    say("\n");
}

double Progress::seconds() const {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// "1:05:03", "2:03", "41.2 s".
static std::string showTime(double seconds) {
  if (seconds < 60)
    return fmt::format("{:.1f} s", seconds);
  auto s = static_cast<int64_t>(seconds + 0.5);
  if (s < 3600)
    return fmt::format("{}:{:02d}", s / 60, s % 60);
  return fmt::format("{}:{:02d}:{:02d}", s / 3600, s / 60 % 60, s % 60);
}

void Progress::show(int64_t done, int64_t total) {
  double fraction = static_cast<double>(done) / static_cast<double>(total);
  double elapsed = seconds();
  std::string left =
      done == total ? "took " + showTime(elapsed)
                    : showTime(elapsed * (1 - fraction) / fraction) + " left";
  if (!isTerminal) {
    // A tenth of days is hours: before the first ones lines come at moments
    // that double.
    int64_t tenth = done * 10 / total;
    bool isTenth = tenth > lastTenth;
    if (isTenth || elapsed >= nextLine) {
      say("sampling: {}%, {}\n",
          isTenth ? tenth * 10 : static_cast<int64_t>(fraction * 100), left);
      nextLine = 2 * std::max(elapsed, nextLine / 2);
    }
    lastTenth = tenth;
    return;
  }
  auto now = Clock::now();
  if (done < total && now - lastDrawn < std::chrono::milliseconds(100))
    return;
  lastDrawn = now;
  constexpr int width = 30;
  int filled = static_cast<int>(fraction * width);
  say("\rsampling [{:#<{}}{:.<{}}] {:3.0f}% {:<16}", "", filled, "",
      width - filled, fraction * 100, left);
  std::fflush(stderr);
  isLineOpen = true;
}

} // namespace dit::runtime
