// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A pipeline's text on a module.
#ifndef DIT_COMPILER_RUNPASSES_H
#define DIT_COMPILER_RUNPASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace dit {

/// What to print to stderr of the passes that run.
struct PassReports {
  bool irAfterAll = false; ///< the module after each pass
  bool timing = false;     ///< the time of each pass
};

/// Runs `pipeline`, in MLIR's syntax, and returns the passes that ran, in
/// order. The error is the sentence to print where the pipeline is none, and
/// empty where a pass has diagnosed what is wrong.
llvm::Expected<std::vector<std::string>>
runPasses(mlir::ModuleOp module, llvm::StringRef pipeline,
          const PassReports &reports = {});

/// The sentence that says why `pipeline` is none.
llvm::Error checkPipeline(llvm::StringRef pipeline);

/// Registers the passes of a plugin, a shared library with
/// `mlirGetPassPluginInfo`.
llvm::Error loadPassPlugin(const std::string &path);

} // namespace dit

#endif // DIT_COMPILER_RUNPASSES_H
