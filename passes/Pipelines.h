// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What each target runs in each phase, as text in MLIR's pass pipeline syntax:
// for ditc, dit-opt and the tests.
#ifndef DIT_PASSES_PIPELINES_H
#define DIT_PASSES_PIPELINES_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <string>

namespace dit {

/// The passes that lead from the phase before to each phase.
struct Pipelines {
  std::string staged, fused, planned;

  /// That of a phase by its name; null for a phase that passes do not make.
  std::string *find(llvm::StringRef phase);
  const std::string *find(llvm::StringRef phase) const;
};

/// What decides which passes a target runs, and with which options.
struct PipelineOptions {
  std::string target = "cpu"; ///< or cuda
  std::string dtype = "f32";  ///< what matmuls multiply: f32, tf32 or bf16
  /// cpu: output features a panel of packed weights.
  int64_t panel = 48;
  /// cuda: who multiplies, generated code or cublaslt.
  std::string matmul = "generated";
};

/// The pipelines of options.target.
Pipelines pipelinesOf(const PipelineOptions &options);

/// The passes of `pipeline`, each with its options:
/// `dit-fuse-final-layer{max-width=4864}`.
llvm::SmallVector<llvm::StringRef> passesOf(llvm::StringRef pipeline);

/// The fusions of `pipeline` by the names that --fuse has for them:
/// `dit-fuse-adaln` is `adaln`.
llvm::SmallVector<llvm::StringRef> fusionsOf(llvm::StringRef pipeline);

/// `pipeline` without the fusions that `fuse` leaves out: all, none, or names
/// separated by commas. The error is the sentence that says which name is none
/// of the pipeline's.
llvm::Expected<std::string> selectFusions(llvm::StringRef pipeline,
                                          llvm::StringRef fuse);

} // namespace dit

#endif // DIT_PASSES_PIPELINES_H
