// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A stack and where it was left. Sanitizers are told of every switch; the
// build says which one is in use (SIMT_ASAN, SIMT_TSAN).
#ifndef DIT_SIMT_FIBER_H
#define DIT_SIMT_FIBER_H

#include <cstddef>

namespace simt {

class Fiber {
public:
  /// A fiber that calls `entry`, which never returns, when first switched to.
  /// `stack` is kStackBytes long.
  void begin(unsigned char *stack, void (*entry)());
  /// The OS thread's own stack.
  void beginMain();
  /// First in `entry`.
  static void entered();
  /// Leaves `this`, which runs, for `to`. `last`: it is never come back to.
  void switchTo(Fiber &to, bool last = false);
  void end();

  static constexpr size_t kStackBytes = 256 << 10;

private:
  void *stackPointer = nullptr;
  const void *stackBottom = nullptr;
  size_t stackSize = 0;
  [[maybe_unused]] void *tsan = nullptr;
};

/// For ThreadSanitizer: what this fiber did before `release(p)` happens before
/// what another does after `acquire(p)`.
void release(void *p);
void acquire(void *p);
/// An access that the executor makes for the kernel.
void noteRead(const void *p, size_t bytes);
void noteWrite(void *p, size_t bytes);

/// While one of these lives, ThreadSanitizer does not look: what libc's
/// functions do for the executor is no access of the kernel's, only what is
/// noted is. Once in each function that a kernel calls, never two at a time.
class Quiet {
public:
  Quiet();
  ~Quiet();
};

/// While one of these lives, accesses and releases are not the running
/// thread's but the copy engine's.
class EngineScope {
public:
  EngineScope();
  ~EngineScope();

private:
  [[maybe_unused]] void *left = nullptr;
};

} // namespace simt

#endif // DIT_SIMT_FIBER_H
