// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// numpy's files, as `ditc evaluate` and `ditc join` read them.
#include "Fuzz.h"

#include "runtime/Error.h"
#include "runtime/NpyArray.h"
#include "runtime/images/NpzSeries.h"

using namespace dit::runtime;

template <typename Read> static void attempt(Read read) {
  try {
    read();
  } catch (const Error &) {
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string_view bytes = asText(data, size);
  attempt([&] { readNpy(bytes).toDoubles(); });
  attempt([&] {
    for (const auto &[name, array] : readNpz(bytes, npzNames(bytes)))
      attempt([&] { array.toDoubles(); });
  });
  attempt([&] { npzSamples(bytes); });
  return 0;
}
