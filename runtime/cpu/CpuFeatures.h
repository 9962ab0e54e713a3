// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What this machine's CPU can do, in the names of /proc/cpuinfo.
#ifndef DIT_RUNTIME_CPU_CPUFEATURES_H
#define DIT_RUNTIME_CPU_CPUFEATURES_H

#include <set>
#include <string>
#include <vector>

namespace dit::runtime {

struct CpuDescription {
  std::string model; ///< "AMD EPYC"
  std::set<std::string> features;
};

/// Reads /proc/cpuinfo, once; where there is none, asks the CPU for the
/// features that matter to a matmul.
const CpuDescription &thisCpu();

/// Throws an Error that says what the artifact needs and what the CPU lacks.
void checkCpuFeatures(const std::vector<std::string> &needed,
                      const std::string &arch, const CpuDescription &cpu);

} // namespace dit::runtime

#endif // DIT_RUNTIME_CPU_CPUFEATURES_H
