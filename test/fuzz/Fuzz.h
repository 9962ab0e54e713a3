// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A fuzz target is one function over the bytes of a foreign file: what is wrong
// with them is an Error or a diagnostic, and nothing else may happen.
#ifndef DIT_TEST_FUZZ_FUZZ_H
#define DIT_TEST_FUZZ_FUZZ_H

#include <cstddef>
#include <cstdint>
#include <string_view>

/// libFuzzer's name for it; Replay.cpp calls it on the files of a corpus.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

inline std::string_view asText(const uint8_t *data, size_t size) {
  return {reinterpret_cast<const char *>(data), size};
}

#endif // DIT_TEST_FUZZ_FUZZ_H
