// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One run over one input file: its context, its text, its diagnostics.
#ifndef DIT_COMPILER_SESSION_H
#define DIT_COMPILER_SESSION_H

#include "compiler/Phases.h"
#include "compiler/Spec.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/Support/SourceMgr.h"
#include <memory>

namespace dit {

/// A program to compile or run, and the spec it came from.
struct Input {
  Spec spec;
  mlir::OwningOpRef<mlir::ModuleOp> module; ///< of spec.size()
  Phase phase;                              ///< that `module` has reached
};

class Session {
public:
  /// `command` ("ditc compile") begins the sentences that have no place in a
  /// file.
  explicit Session(llvm::StringRef command, bool verifyDiagnostics = false);
  ~Session();

  mlir::MLIRContext &context() { return mlirContext; }

  /// Reads a spec, under `settings`, or IR where the name ends in `.mlir`.
  /// Diagnoses what is wrong with it. With a `size` the spec is read as one of
  /// that size alone; IR has one already.
  mlir::FailureOr<Input> load(llvm::StringRef path,
                              std::optional<Resolution> size = {},
                              llvm::ArrayRef<Setting> settings = {});

  /// The same of a text that would be the file `path`.
  mlir::FailureOr<Input> loadText(llvm::StringRef path, llvm::StringRef text,
                                  std::optional<Resolution> size = {},
                                  llvm::ArrayRef<Setting> settings = {});

  /// Prints `ditc compile: error: SENTENCE`.
  mlir::LogicalResult error(const llvm::Twine &sentence);

  /// What the process exits with: 0 or 1. With verifyDiagnostics, 0 where what
  /// was diagnosed is what the file expects.
  int exitCode(mlir::LogicalResult result);

private:
  mlir::FailureOr<Input> loadSpec(llvm::StringRef path, llvm::StringRef text,
                                  std::optional<Resolution> size,
                                  llvm::ArrayRef<Setting> settings);
  mlir::FailureOr<Input> loadIR(llvm::StringRef path);

  std::string command;
  bool verifyDiagnostics;
  mlir::MLIRContext mlirContext;
  llvm::SourceMgr sources;
  // One of the two; their destructors are not virtual.
  std::unique_ptr<mlir::SourceMgrDiagnosticHandler> printer;
  std::unique_ptr<mlir::SourceMgrDiagnosticVerifierHandler> verifier;
};

} // namespace dit

#endif // DIT_COMPILER_SESSION_H
