// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A module in the dialect compiled for the CPU, loaded and run without the
// runtime, beside the interpreter on the same module: what the tests of the
// code generators compare.
#ifndef DIT_TEST_UNIT_CODEGEN_COMPILEDMODULE_H
#define DIT_TEST_UNIT_CODEGEN_COMPILEDMODULE_H

#include "codegen/cpu/Compile.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "runtime/Abi.h"
#include <string>
#include <vector>

namespace dit::test {

/// What one evaluation reads: `rows` samples of x (uniform in [-1, 1]), t
/// (whole numbers in [0, 1000)) and y in [0, labels), all from a seed.
struct Inputs {
  Inputs(int64_t rows, int64_t floatsPerRow, int64_t labels, uint64_t seed = 1);

  int64_t rows;
  std::vector<float> x, t;
  std::vector<int32_t> y;
};

/// A module compiled and loaded. `text` is of phase `planned`, or of phase
/// `dit` (one function @denoise, whose argument x has any shape), which is
/// staged and planned here: ops that are to be one kernel are written as a
/// dit.fused, and no fusion pass runs unless `fuse` says so. Weights are
/// uniform in [-1, 1], made from their names.
class CompiledModule {
public:
  /// Throws the diagnostics as std::runtime_error.
  explicit CompiledModule(const std::string &text,
                          const std::string &arch = "native",
                          const std::string &fuse = "none");
  ~CompiledModule();
  CompiledModule(const CompiledModule &) = delete;

  /// The compiled code's result. The units of each launch run in `pieces`
  /// calls, the last ones first, each with scratch of its own; condition rows
  /// lie in another order than the samples. What the code may write begins as
  /// NaN; reading or writing past any buffer ends the test with SIGSEGV.
  std::vector<float> run(const Inputs &inputs, int64_t pieces = 1) const;
  /// The interpreter's, at the real arena offsets.
  std::vector<double> interpret(const Inputs &inputs) const;

  /// The planned module, for messages.
  std::string text() const;
  const codegen::Program &program() const { return report.program; }

  int64_t xFloats() const; ///< a sample
  int64_t outFloats() const;

private:
  mlir::func::FuncOp denoise() const;

  mutable mlir::MLIRContext context;
  mutable mlir::OwningOpRef<mlir::ModuleOp> planned;
  codegen::cpu::Report report;
  std::string path;
  void *library = nullptr;
  const DitArtifact *artifact = nullptr;
};

/// True where this CPU has what `arch` needs.
bool canRun(const std::string &arch);

/// ||got - want|| / ||want||; NaN where anything is NaN. Operands are of the
/// order of 1: where they cancel in the result, it counts as 0.1 an element.
double relativeError(const std::vector<float> &got,
                     const std::vector<double> &want);

} // namespace dit::test

#endif // DIT_TEST_UNIT_CODEGEN_COMPILEDMODULE_H
