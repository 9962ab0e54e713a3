// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The CPU target as the driver sees it: pass lists, and the manifest's second
// half.
#include "codegen/cpu/Compile.h"
#include "compiler/Cost.h"
#include "compiler/Manifest.h"
#include "compiler/Target.h"

using namespace mlir;
using namespace dit;
namespace cpu = dit::codegen::cpu;
namespace json = llvm::json;

namespace {

/// Bytes of a tensor; of one sample where it has a batch.
int64_t bytesOf(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  int64_t bytes = tensor.getElementTypeBitWidth() / 8;
  for (int64_t dim : tensor.getShape())
    bytes *= ShapedType::isDynamic(dim) ? 1 : dim;
  return bytes;
}

json::Array describeLaunches(const codegen::Program &program,
                             ArrayRef<codegen::Launch> launches) {
  json::Array list;
  for (const codegen::Launch &launch : launches) {
    FusedOp op = launch.op;
    int64_t bytes = 0;
    for (Type type :
         llvm::concat<const Type>(op->getOperandTypes(), op->getResultTypes()))
      bytes += bytesOf(type);
    list.push_back(json::Object{{"name", program.kernels[launch.kernel].name},
                                {"kind", stringifyKernelKind(op.getKind())},
                                {"what", codegen::describe(op)},
                                {"macs", macsOf(op)},
                                {"bytes", bytes}});
  }
  return list;
}

json::Array describeWeights(const codegen::Program &program) {
  json::Array list;
  for (const codegen::Weight &weight : program.weights)
    list.push_back(json::Object{{"name", weight.name},
                                {"shape", json::Array(weight.shape)}});
  return list;
}

/// Kernels and entry points in the LLVM dialect.
class CpuCode : public TargetCode {
public:
  CpuCode(OwningOpRef<ModuleOp> module, const cpu::Arch &arch)
      : module(std::move(module)), arch(arch) {}

  FailureOr<std::string> text() override {
    return cpu::emitLLVM(*module, arch);
  }
  LogicalResult writeArtifact(StringRef path) override {
    return cpu::emitSharedObject(*module, arch, path);
  }

private:
  OwningOpRef<ModuleOp> module;
  const cpu::Arch &arch; ///< the target's, which lives longer
};

class CpuTarget : public Target {
public:
  CpuTarget(cpu::Arch arch, StringRef dtype, std::vector<PassUse> fusions)
      : arch(std::move(arch)), dtype(dtype), fusions(std::move(fusions)) {}

  std::vector<PassUse> passes(Phase phase) const override {
    std::string panel = "panel=" + std::to_string(arch.machine.panel);
    switch (phase) {
    case Phase::Staged:
      return {PassUse("dit-join-linears"), PassUse("dit-stage")};
    case Phase::Fused:
      return fusions;
    case Phase::Planned:
      return {PassUse("dit-plan-layouts", panel), PassUse("dit-plan-memory")};
    default:
      return {};
    }
  }

  FailureOr<std::unique_ptr<TargetCode>>
  makeCode(const CompiledModel &model) const override {
    auto text = [&](const cpu::Report &report) {
      return manifest(model, report);
    };
    auto module = cpu::assemble(model.planned, arch, text);
    if (failed(module) || failed(cpu::lowerToLLVM(**module)))
      return failure();
    return std::unique_ptr<TargetCode>(
        std::make_unique<CpuCode>(std::move(*module), arch));
  }

private:
  std::string manifest(const CompiledModel &model,
                       const cpu::Report &report) const {
    const codegen::Program &program = report.program;
    json::Object all = describeModel(model);
    all["target"] = "cpu";
    all["arch"] = arch.name;
    all["features"] = json::Array(arch.features);
    all["dtype"] = dtype;
    all["memory"] = json::Object{
        {"prepared_bytes", program.preparedBytes},
        {"state_bytes", report.stateBytes},
        {"plan_bytes", report.planBytes},
        {"arena_bytes_per_row", program.arenaBytesPerRow},
        {"condition_arena_bytes_per_row", program.conditionArenaBytesPerRow},
        {"condition_row_floats", program.conditionRowFloats},
        {"scratch_bytes", report.scratchBytes}};
    all["weights"] = describeWeights(program);
    all["kernels"] = json::Object{
        {"prepare", describeLaunches(program, program.prepare)},
        {"condition", describeLaunches(program, program.condition)},
        {"denoise", describeLaunches(program, program.denoise)}};
    std::string text;
    llvm::raw_string_ostream(text) << json::Value(std::move(all));
    return text;
  }

  cpu::Arch arch;
  std::string dtype;
  std::vector<PassUse> fusions;
};

} // namespace

std::vector<PassUse> dit::cpuFusions() {
  return {PassUse::fuse("patch-embed"),  PassUse::fuse("final-layer"),
          PassUse::fuse("conditioning"), PassUse::fuse("gated-residual"),
          PassUse::fuse("adaln"),        PassUse::fuse("linear-epilogue"),
          PassUse("dit-verify-regions"), PassUse("dit-wrap-kernels")};
}

llvm::Expected<std::unique_ptr<Target>>
dit::makeCpuTarget(const TargetOptions &options) {
  if (options.dtype != "f32")
    return llvm::createStringError(
        "the cpu target computes in f32, but --dtype is " + options.dtype);
  auto arch = cpu::findArch(options.arch);
  if (!arch)
    return arch.takeError();
  auto fusions = selectFusions(cpuFusions(), options.fuse);
  if (!fusions)
    return fusions.takeError();
  return std::make_unique<CpuTarget>(std::move(*arch), options.dtype,
                                     std::move(*fusions));
}
