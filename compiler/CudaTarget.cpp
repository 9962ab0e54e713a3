// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The CUDA target as the driver sees it: pass lists, and the text of a model.
#include "codegen/cuda/Emit.h"
#include "compiler/Target.h"

#include "llvm/ADT/StringExtras.h"
#include <fmt/format.h>

using namespace mlir;
using namespace dit;

namespace {

class CudaText : public TargetCode {
public:
  CudaText(ModuleOp planned, std::string text)
      : planned(planned), cuda(std::move(text)) {}

  FailureOr<std::string> text() override { return cuda; }
  LogicalResult writeArtifact(StringRef) override {
    return emitError(UnknownLoc::get(planned.getContext()))
           << "the cuda target makes text only, use --emit=target";
  }

private:
  ModuleOp planned;
  std::string cuda;
};

class CudaTarget : public Target {
public:
  CudaTarget(StringRef arch, StringRef dtype, std::vector<PassUse> fusions)
      : arch(arch), dtype(dtype), fusions(std::move(fusions)) {}

  std::vector<PassUse> passes(Phase phase) const override {
    switch (phase) {
    case Phase::Staged:
      return staging();
    case Phase::Fused:
      return fusions;
    case Phase::Planned:
      // Panels of one feature: weights stay row-major (M, K).
      return {PassUse("dit-plan-layouts", "panel=1"),
              PassUse("dit-plan-memory")};
    default:
      return {};
    }
  }

  FailureOr<std::unique_ptr<TargetCode>>
  makeCode(const CompiledModel &model) const override {
    const Spec &spec = model.spec;
    auto program = codegen::planLaunches(model.planned);
    if (failed(program))
      return failure();
    codegen::cuda::EmitOptions options;
    options.arch = arch;
    options.title = fmt::format(
        "{} for {} in {}: depth {}, width {}, heads {}, patch_size "
        "{}, {} tokens.",
        spec.name.value, arch, dtype, spec.depth.value, spec.width.value,
        spec.heads.value, spec.patchSize.value, spec.tokens());
    auto file = codegen::cuda::emitText(*program, options);
    if (failed(file))
      return failure();
    return std::unique_ptr<TargetCode>(
        std::make_unique<CudaText>(model.planned, std::move(file->text)));
  }

private:
  /// tf32 is how f32 values are multiplied, not what they are.
  std::vector<PassUse> staging() const {
    std::vector<PassUse> uses = {PassUse("dit-join-linears")};
    if (dtype == "bf16")
      uses.push_back(PassUse("dit-lower-precision", "type=bf16"));
    uses.push_back(PassUse("dit-stage"));
    return uses;
  }

  std::string arch, dtype;
  std::vector<PassUse> fusions;
};

} // namespace

llvm::Expected<std::unique_ptr<Target>>
dit::makeCudaTarget(const TargetOptions &options) {
  static constexpr llvm::StringLiteral kArchs[] = {"sm_80", "sm_86", "sm_89",
                                                   "sm_90a", "sm_100"};
  if (!llvm::is_contained(kArchs, options.arch))
    return llvm::createStringError(
        "--arch must be " +
        llvm::join(std::begin(kArchs), std::end(kArchs), ", ") +
        " for --target=cuda, but found '" + options.arch + "'");
  static constexpr llvm::StringLiteral kDtypes[] = {"f32", "bf16", "tf32"};
  if (!llvm::is_contained(kDtypes, options.dtype))
    return llvm::createStringError(
        "--dtype must be " +
        llvm::join(std::begin(kDtypes), std::end(kDtypes), ", ") +
        " for --target=cuda, but found '" + options.dtype + "'");
  auto fusions = selectFusions(cpuFusions(), options.fuse);
  if (!fusions)
    return fusions.takeError();
  return std::make_unique<CudaTarget>(options.arch, options.dtype,
                                      std::move(*fusions));
}
