// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Switching stacks on x86-64, and the sanitizers' hooks for it.
#include "Fiber.h"
#include <cstring>
#include <pthread.h>

#ifndef __x86_64__
#error "switching stacks is written for x86-64 only"
#endif

extern "C" {
void simt_switch(void **leave, void *enter);

void *__tsan_get_current_fiber(void);
void *__tsan_create_fiber(unsigned flags);
void __tsan_destroy_fiber(void *fiber);
void __tsan_switch_to_fiber(void *fiber, unsigned flags);
void __tsan_acquire(void *p);
void __tsan_release(void *p);
void __tsan_read_range(void *p, size_t bytes);
void __tsan_write_range(void *p, size_t bytes);
void __tsan_ignore_thread_begin(void);
void __tsan_ignore_thread_end(void);
void __asan_unpoison_memory_region(void const volatile *p, size_t bytes);
void __sanitizer_start_switch_fiber(void **fake, const void *bottom,
                                    size_t size);
void __sanitizer_finish_switch_fiber(void *fake, const void **bottom,
                                     size_t *size);
}

asm(R"(
.text
.globl simt_switch
.type simt_switch,@function
simt_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size simt_switch, .-simt_switch
)");

namespace simt {

void Fiber::begin(unsigned char *stack, void (*entry)()) {
  stackBottom = stack;
  stackSize = kStackBytes;
  // Six saved registers, the address to return to, and one word that keeps the
  // stack aligned as after a call.
  void **top = reinterpret_cast<void **>(stack + kStackBytes);
  *--top = nullptr;
  *--top = reinterpret_cast<void *>(entry);
  top -= 6;
  memset(top, 0, 6 * sizeof(void *));
  stackPointer = top;
#ifdef SIMT_TSAN
  tsan = __tsan_create_fiber(0);
#endif
#ifdef SIMT_ASAN
  // Frames that were never returned from have left their red zones.
  __asan_unpoison_memory_region(stack, kStackBytes);
#endif
}

void Fiber::beginMain() {
#ifdef SIMT_TSAN
  tsan = __tsan_get_current_fiber();
#endif
#ifdef SIMT_ASAN
  pthread_attr_t attributes;
  pthread_getattr_np(pthread_self(), &attributes);
  void *bottom;
  pthread_attr_getstack(&attributes, &bottom, &stackSize);
  stackBottom = bottom;
  pthread_attr_destroy(&attributes);
#endif
}

void Fiber::entered() {
#ifdef SIMT_ASAN
  __sanitizer_finish_switch_fiber(nullptr, nullptr, nullptr);
#endif
}

void Fiber::switchTo(Fiber &to, bool last) {
#ifdef SIMT_TSAN
  constexpr unsigned kNoSync = 1;
  __tsan_switch_to_fiber(to.tsan, kNoSync);
#endif
#ifdef SIMT_ASAN
  void *fake = nullptr;
  __sanitizer_start_switch_fiber(last ? nullptr : &fake, to.stackBottom,
                                 to.stackSize);
#else
  (void)last;
#endif
  simt_switch(&stackPointer, to.stackPointer);
#ifdef SIMT_ASAN
  __sanitizer_finish_switch_fiber(fake, nullptr, nullptr);
#endif
}

void Fiber::end() {
#ifdef SIMT_TSAN
  __tsan_destroy_fiber(tsan);
#endif
}

#ifdef SIMT_TSAN
void release(void *p) { __tsan_release(p); }
void acquire(void *p) { __tsan_acquire(p); }
Quiet::Quiet() { __tsan_ignore_thread_begin(); }
Quiet::~Quiet() { __tsan_ignore_thread_end(); }

void noteRead(const void *p, size_t bytes) {
  __tsan_ignore_thread_end();
  __tsan_read_range(const_cast<void *>(p), bytes);
  __tsan_ignore_thread_begin();
}
void noteWrite(void *p, size_t bytes) {
  __tsan_ignore_thread_end();
  __tsan_write_range(p, bytes);
  __tsan_ignore_thread_begin();
}

EngineScope::EngineScope() : left(__tsan_get_current_fiber()) {
  static void *const engine = __tsan_create_fiber(0);
  __tsan_switch_to_fiber(engine, 1);
  __tsan_ignore_thread_begin();
}
EngineScope::~EngineScope() {
  __tsan_ignore_thread_end();
  __tsan_switch_to_fiber(left, 1);
}
#else
void release(void *) {}
void acquire(void *) {}
void noteRead(const void *, size_t) {}
void noteWrite(void *, size_t) {}
Quiet::Quiet() {}
Quiet::~Quiet() {}
EngineScope::EngineScope() {}
EngineScope::~EngineScope() {}
#endif

} // namespace simt
