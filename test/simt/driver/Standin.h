// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the files of the stand-in driver share: settings, the end of a process
// that misuses the driver, and memory that only work on a stream may touch.
#ifndef DIT_STANDIN_H
#define DIT_STANDIN_H

#include "Simt.h"
#include <cuda.h>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace standin {

/// Ends the process: a sentence that names the driver's function that runs, or
/// the work on a stream, and exit code 3.
[[noreturn]] void misuse(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/// Ends the line on stderr and the process.
[[noreturn]] void leave();

/// The environment variables DIT_STANDIN_*, as the README lists them.
struct Settings {
  int devices, major, minor, driverVersion;
  std::string name;
  size_t memory;
  simt::Schedule schedule;
  bool eager; ///< work runs when it is given, not when somebody waits for it
  std::vector<std::string> kernels;
};
const Settings &settings();

/// One line for the file that DIT_STANDIN_LOG names; nothing where none is.
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

enum class Needs { Nothing, Driver, Context, NoCapture };

/// Lives as long as a function of the driver runs: one at a time, after cuInit,
/// with a context, and where it says so not while this thread captures.
class Call {
public:
  explicit Call(const char *name, Needs needs = Needs::Context);
  ~Call();
  Call(const Call &) = delete;
};

/// The device of this thread's context.
int currentDevice();

/// Bytes that work reads or writes. Where only the begin is known: one byte.
struct Span {
  const void *begin = nullptr;
  size_t bytes = 0;
};

// Memory.

/// What an address is to the driver.
enum class Place { Device, Pinned, Pageable };
Place placeOf(const void *address);
/// Misuse unless [begin, begin + bytes) is inside of one live allocation there.
void demand(Place place, Span span, const char *what);
/// While one lives, device memory can be touched: by work that runs.
class Open {
public:
  Open();
  ~Open();
  Open(const Open &) = delete;
};
/// "device allocation 3 (1024 bytes)", for what is still alive.
std::vector<std::string> liveAllocations(int device);
size_t usedBytes(int device);

// Streams.

/// Work on a stream.
struct Command {
  std::string what;
  std::vector<Span> device, pinned; ///< what it touches
  std::function<void()> run;
  Span result{}; ///< on the host, or nothing
};

/// Puts the work behind what the stream has, or into the graph that it is being
/// captured for.
void submit(CUstream stream, Command command);
/// Everything on the stream is done.
void finish(CUstream stream);
/// Everything on all streams of the context's device is done.
void finishAll();
bool isCapturing(CUstream stream);
/// This thread has begun a capture and not ended it.
bool threadCaptures();
/// Misuse where work that waits, on any stream, touches the span.
void demandUnused(Span span, const char *what);
/// What is alive, in words.
std::vector<std::string> liveObjects();
/// Asks `count` too what is alive when a context goes away.
void watch(std::vector<std::string> (*count)());
/// The work that runs, or empty: for reports.
const std::string &running();

// Modules.

std::vector<std::string> liveModules();

} // namespace standin

#endif // DIT_STANDIN_H
