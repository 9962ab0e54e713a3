// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A spec or IR through the phases to whatever was asked for.
#ifndef DIT_COMPILER_DRIVER_H
#define DIT_COMPILER_DRIVER_H

#include "compiler/RunPasses.h"
#include "compiler/Target.h"

namespace dit {

struct CompileOptions {
  std::string input;  ///< SPEC.yaml or IR.mlir
  std::string output; ///< empty: stdout, for phases that are text
  Phase emit = Phase::Artifact;
  std::string dumpDirectory; ///< empty: nothing is dumped
  std::string remarks;       ///< a regular expression; empty: none
  bool timing = false;       ///< the time of each phase, to stderr
  PassReports reports;
  bool verifyDiagnostics = false;
  std::optional<Resolution> size; ///< alone, in place of the spec's
  std::vector<Setting> settings;  ///< over what the spec says
  TargetOptions target;
};

/// Runs `ditc compile`; `targets` are made from options.target, and only an
/// artifact can be of several. An artifact is of all sizes of the spec as well,
/// anything else of the first. Returns the exit code, 0 or 1.
int compile(const CompileOptions &options,
            llvm::ArrayRef<std::unique_ptr<Target>> targets);

} // namespace dit

#endif // DIT_COMPILER_DRIVER_H
