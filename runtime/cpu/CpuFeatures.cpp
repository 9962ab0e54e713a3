// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// CPU features from /proc/cpuinfo; the kernel lists only those it has enabled.
#include "runtime/cpu/CpuFeatures.h"

#include "runtime/Error.h"

#include <fmt/ranges.h>

#include <fstream>
#include <sstream>

namespace dit::runtime {

/// The text after the colon of "flags : fpu vme ...".
static std::string afterColon(const std::string &line) {
  size_t at = line.find(": ");
  return at == std::string::npos ? "" : line.substr(at + 2);
}

static CpuDescription readCpuInfo() {
  CpuDescription cpu;
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (cpu.model.empty() && line.starts_with("model name"))
      cpu.model = afterColon(line);
    if (line.starts_with("flags")) {
      std::istringstream words(afterColon(line));
      for (std::string word; words >> word;)
        cpu.features.insert(word);
      break;
    }
  }
  if (cpu.model.empty())
    cpu.model = "unknown model";
#if defined(__x86_64__)
  if (cpu.features.empty()) {
    __builtin_cpu_init();
#define DIT_ASK(name)                                                          \
  if (__builtin_cpu_supports(#name))                                           \
    cpu.features.insert(#name);
    DIT_ASK(avx)
    DIT_ASK(avx2)
    DIT_ASK(fma)
    DIT_ASK(avx512f)
    DIT_ASK(avx512bw)
    DIT_ASK(avx512cd)
    DIT_ASK(avx512dq)
    DIT_ASK(avx512vl)
#undef DIT_ASK
  }
#endif
  return cpu;
}

const CpuDescription &thisCpu() {
  static const CpuDescription cpu = readCpuInfo();
  return cpu;
}

void checkCpuFeatures(const std::vector<std::string> &needed,
                      const std::string &arch, const CpuDescription &cpu) {
  std::vector<std::string> missing;
  for (const std::string &feature : needed)
    if (!cpu.features.contains(feature))
      missing.push_back(feature);
  if (!missing.empty())
    fail("compiled for {} and needs {}, but this CPU ({}) has no {}: compile "
         "the "
         "spec on this machine or with a lower --arch",
         arch, fmt::join(needed, ", "), cpu.model, fmt::join(missing, ", "));
}

} // namespace dit::runtime
