// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A spec compiled all the way to a loaded artifact, beside the interpreter
// running the same spec before any pass: what the end-to-end tests compare.
#ifndef DIT_TEST_UNIT_ENDTOEND_COMPILEDMODEL_H
#define DIT_TEST_UNIT_ENDTOEND_COMPILEDMODEL_H

#include "compiler/Target.h"
#include "dialect/Interpreter.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "runtime/Denoiser.h"
#include <memory>
#include <optional>
#include <string>

namespace dit::test {

/// The budget of one evaluation's relative L2 error against the float64
/// interpreter, by dtype. f32: a sum of K products in float32 is off by about
/// sqrt(K) * 3e-8 of its size, the longest chain of a DiT (28 blocks, K = 4608)
/// stays under 3e-6; 1e-5 leaves room for the order of sums, not for a mistake:
/// the smallest one planted here moves the output by 1e-3.
inline constexpr double kBudgetF32 = 1e-5;
/// bf16: x and weights of every large matmul are off by up to 2^-9, at random;
/// S/2, B/4 and digits are off by 2e-3 to 3e-3, and a matrix times 1.5 moves
/// the output by five budgets.
inline constexpr double kBudgetBf16 = 1e-2;

/// x, t and y of `rows` samples.
struct Inputs {
  std::vector<float> x, t;
  std::vector<int32_t> y;
};

class CompiledModel {
public:
  /// Changes the weight tensor of that name before it is used.
  struct Scaled {
    std::string weight;
    float factor;
  };

  /// Compiles `spec` (YAML text, or a path ending in .yaml). `beforeStaging`
  /// runs on the imported module, `behindPhases` on the fused one and
  /// on the planned one. Throws what
  /// went wrong as std::runtime_error.
  explicit CompiledModel(const std::string &spec, TargetOptions options = {},
                         std::vector<std::string> beforeStaging = {},
                         std::string behindPhases = "");
  ~CompiledModel();

  const Spec &spec() const { return *parsed; }
  const runtime::Manifest &manifest() const { return artifact->manifest(); }
  const std::string &path() const { return file; }

  /// Inputs from a seed: x uniform in [-1, 1], t in [0, 1000), labels of all
  /// classes.
  Inputs inputs(int64_t rows, uint64_t seed = 1) const;
  /// The artifact's answer on weights from a seed.
  std::vector<float> run(const Inputs &inputs, int threads = 2,
                         std::optional<Scaled> scaled = {}) const;
  /// The interpreter's, on the module as it was imported.
  std::vector<double> interpret(const Inputs &inputs) const;
  /// The interpreter's, on the planned module.
  std::vector<double> interpretPlanned(const Inputs &inputs) const;

private:
  std::vector<double> interpretModule(mlir::ModuleOp module,
                                      const Inputs &inputs) const;

  mlir::MLIRContext context;
  std::unique_ptr<Spec> parsed;
  mlir::OwningOpRef<mlir::ModuleOp> imported, planned;
  std::string file;
  std::shared_ptr<const runtime::Artifact> artifact;
};

/// ||got - want|| / ||want||; NaN where anything is NaN.
double relativeError(const std::vector<float> &got,
                     const std::vector<double> &want);
std::vector<double> widened(const std::vector<float> &values);

} // namespace dit::test

#endif // DIT_TEST_UNIT_ENDTOEND_COMPILEDMODEL_H
