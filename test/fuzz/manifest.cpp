// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What an artifact says of itself: the JSON alone, and the file around it,
// which is read but not loaded.
#include "Fuzz.h"
#include "MemoryFile.h"

#include "runtime/Artifact.h"
#include "runtime/Error.h"

using namespace dit::runtime;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string_view bytes = asText(data, size);
  try {
    parseManifest(bytes);
  } catch (const Error &) {
  }
  try {
    readManifests(MemoryFile(bytes).path());
  } catch (const Error &) {
  }
  return 0;
}
