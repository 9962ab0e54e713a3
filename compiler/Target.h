// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the driver needs of a target: its passes to each phase, and its code. A
// new target is one class and one line in Target.cpp.
#ifndef DIT_COMPILER_TARGET_H
#define DIT_COMPILER_TARGET_H

#include "codegen/host/EntryPoints.h"
#include "compiler/Phases.h"
#include "compiler/Spec.h"
#include "llvm/Support/Error.h"
#include <memory>
#include <string>
#include <vector>

namespace dit {

/// What the command line says of the target; each target reads what concerns
/// it.
struct TargetOptions {
  std::string target = "cpu";
  std::string arch = "native"; ///< cuda: one or several, separated by commas
  std::string dtype = "f32";
  std::string matmul = "generated"; ///< cuda: or cublaslt, or both
  std::string fuse = "all";         ///< all, none, or names separated by commas
  /// cuda: the batch that tiles are chosen for; two are a guided sample.
  int64_t batchHint = 2;
};

/// One pass of a phase, as `--flag=options`.
struct PassUse {
  std::string flag;
  std::string options;
  /// The name --fuse knows it by; empty for passes that always run.
  std::string fusion;

  PassUse(llvm::StringRef flag, llvm::StringRef options = "")
      : flag(flag), options(options) {}
  static PassUse fuse(llvm::StringRef name, llvm::StringRef options = "");
};

/// What is known of a compilation when code is made: the manifest's first half.
/// Both references live at least as long as the code.
struct CompiledModel {
  mlir::ModuleOp planned;
  const Spec &spec;
  std::vector<std::string> passes; ///< that ran, in order
  /// Where the code stands among the artifact's alternatives.
  codegen::host::ChainPlace place = {};
};

/// A model in the target's own code: what phase `target` ends with.
class TargetCode {
public:
  virtual ~TargetCode() = default;
  /// For --emit=target.
  virtual mlir::FailureOr<std::string> text() = 0;
  /// What --dump-phases calls the text.
  virtual llvm::StringRef fileName() const = 0;
  /// Begins what object() takes longest for, beside what the caller does next.
  virtual void start() {}
  /// The bytes of an object file, one of those that
  /// codegen::host::linkSharedObject makes an artifact of. The error is the
  /// sentence to print, and empty where it has been diagnosed.
  virtual llvm::Expected<std::string> object() = 0;
};

/// The empty error.
llvm::Error diagnosed();

class Target {
public:
  virtual ~Target() = default;
  /// What tells it from the artifact's other alternatives: `sm_90a`, and
  /// `sm_90a-cublaslt`.
  virtual std::string name() const = 0;
  /// The passes that lead from the phase before to `phase`, those of --fuse
  /// only.
  virtual std::vector<PassUse> passes(Phase phase) const = 0;
  /// Makes code of a planned model.
  virtual mlir::FailureOr<std::unique_ptr<TargetCode>>
  makeCode(const CompiledModel &model) const = 0;
};

/// The targets of `options`, at least one: the model is compiled once for each,
/// and the artifact holds all of them. Or the sentence that says what is wrong.
llvm::Expected<std::vector<std::unique_ptr<Target>>>
makeTargets(const TargetOptions &options);

/// The one target of options that name one arch and one kind of matmuls.
llvm::Expected<std::unique_ptr<Target>>
makeTarget(const TargetOptions &options);

// The CPU's, defined in CpuTarget.cpp.
llvm::Expected<std::unique_ptr<Target>>
makeCpuTarget(const TargetOptions &options);

// The CUDA target, defined in CudaTarget.cpp.
llvm::Expected<std::unique_ptr<Target>>
makeCudaTarget(const TargetOptions &options);

/// All passes of the CPU's phase `fused`, in the order they run.
std::vector<PassUse> cpuFusions();

/// The same of the CUDA target, for matmuls that are generated or cublaslt's on
/// an arch of codegen/cuda/Arch.h; defined in CudaFusions.cpp.
std::vector<PassUse> cudaFusions(llvm::StringRef matmul, llvm::StringRef arch);

/// `uses` without the fusions that --fuse=`fuse` leaves out, or the sentence
/// that says which name it does not know. `known` are those whose names it may
/// have.
llvm::Expected<std::vector<PassUse>>
selectFusions(std::vector<PassUse> uses, llvm::StringRef fuse,
              const std::vector<PassUse> &known);

} // namespace dit

#endif // DIT_COMPILER_TARGET_H
