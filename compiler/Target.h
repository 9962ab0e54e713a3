// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the driver needs of a target: its passes to each phase, and its code. A
// new target is one class and one line in Target.cpp.
#ifndef DIT_COMPILER_TARGET_H
#define DIT_COMPILER_TARGET_H

#include "codegen/host/EntryPoints.h"
#include "compiler/Phases.h"
#include "compiler/Spec.h"
#include "passes/Pipelines.h"
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
  /// Pipelines that replace the target's, each PHASE=PIPELINE.
  std::vector<std::string> passes;
  /// cuda: the batch that tiles are chosen for; two are a guided sample.
  int64_t batchHint = 2;
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
  explicit Target(Pipelines pipelines) : passes(std::move(pipelines)) {}
  virtual ~Target() = default;
  /// What tells it from the artifact's other alternatives: `sm_90a`, and
  /// `sm_90a-cublaslt`.
  virtual std::string name() const = 0;
  /// The passes as the command line wants them.
  const Pipelines &pipelines() const { return passes; }
  /// What costs depend on: the passes find it on the module.
  virtual MachineAttr machine(mlir::MLIRContext &context) const = 0;
  /// Makes code of a planned model.
  virtual mlir::FailureOr<std::unique_ptr<TargetCode>>
  makeCode(const CompiledModel &model) const = 0;

private:
  Pipelines passes;
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

/// The pipelines of a target that has `own`, as --fuse and --passes want them.
/// The error is the sentence that says what is wrong.
llvm::Expected<Pipelines> choosePasses(Pipelines own,
                                       const TargetOptions &options);

} // namespace dit

#endif // DIT_COMPILER_TARGET_H
