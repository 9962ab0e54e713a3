// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The CPU target as the driver sees it: pass lists, and what the manifest says
// of a CPU.
#include "codegen/cpu/Compile.h"
#include "codegen/host/Compile.h"
#include "compiler/Manifest.h"
#include "compiler/Target.h"

using namespace mlir;
using namespace dit;
namespace cpu = dit::codegen::cpu;
namespace json = llvm::json;

namespace {

/// Kernels and entry points in the LLVM dialect.
class CpuCode : public TargetCode {
public:
  CpuCode(OwningOpRef<ModuleOp> module, const cpu::Arch &arch)
      : module(std::move(module)), arch(arch) {}

  FailureOr<std::string> text() override {
    return codegen::host::emitLLVM(*module, arch.name, arch.extensions);
  }
  StringRef fileName() const override { return "target.ll"; }
  llvm::Expected<std::string> object() override {
    auto bytes = codegen::host::emitObject(*module, arch.name, arch.extensions);
    if (failed(bytes))
      return diagnosed();
    return std::move(*bytes);
  }

private:
  OwningOpRef<ModuleOp> module;
  const cpu::Arch &arch; ///< the target's, which lives longer
};

class CpuTarget : public Target {
public:
  CpuTarget(cpu::Arch arch, StringRef dtype, std::vector<PassUse> fusions)
      : arch(std::move(arch)), dtype(dtype), fusions(std::move(fusions)) {}

  std::string name() const override { return arch.name; }

  std::vector<PassUse> passes(Phase phase) const override {
    std::string layout = "panel=" + std::to_string(arch.machine.panel);
    if (dtype == "bf16")
      layout += " pairs";
    switch (phase) {
    case Phase::Staged:
      return staging();
    case Phase::Fused:
      return fusions;
    case Phase::Planned:
      return {PassUse("dit-plan-layouts", layout), PassUse("dit-plan-memory")};
    default:
      return {};
    }
  }

  FailureOr<std::unique_ptr<TargetCode>>
  makeCode(const CompiledModel &model) const override {
    auto text = [&](const cpu::Report &report) {
      return manifest(model, report);
    };
    auto module = cpu::assemble(model.planned, arch, text, model.place);
    if (failed(module) || failed(codegen::host::lowerToLLVM(**module)))
      return failure();
    return std::unique_ptr<TargetCode>(
        std::make_unique<CpuCode>(std::move(*module), arch));
  }

private:
  std::vector<PassUse> staging() const {
    std::vector<PassUse> uses = {PassUse("dit-join-linears")};
    if (dtype == "bf16")
      uses.push_back(PassUse("dit-lower-precision", "type=bf16 pairs"));
    uses.push_back(PassUse("dit-stage"));
    return uses;
  }

  std::string manifest(const CompiledModel &model,
                       const cpu::Report &report) const {
    json::Object all = describeModel(model);
    all["target"] = "cpu";
    all["arch"] = arch.name;
    all["features"] = json::Array(arch.features);
    all["dtype"] = dtype;
    all["memory"] = describeMemory(report.program, report.scratchBytes);
    all["weights"] = describeWeights(report.program);
    all["kernels"] = describeKernels(report.program);
    return show(std::move(all));
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
          PassUse::fuse("cast"),         PassUse("dit-verify-regions"),
          PassUse("dit-wrap-kernels")};
}

llvm::Expected<std::unique_ptr<Target>>
dit::makeCpuTarget(const TargetOptions &options) {
  if (options.dtype != "f32" && options.dtype != "bf16")
    return llvm::createStringError(
        "--dtype must be f32 or bf16 for --target=cpu, but found '" +
        options.dtype + "'");
  auto arch = cpu::findArch(options.arch, options.dtype == "bf16");
  if (!arch)
    return arch.takeError();
  if (options.matmul != "generated")
    return llvm::createStringError(
        "the cpu target generates its matmuls, but --matmul is " +
        options.matmul);
  auto fusions = selectFusions(cpuFusions(), options.fuse, cpuFusions());
  if (!fusions)
    return fusions.takeError();
  return std::make_unique<CpuTarget>(std::move(*arch), options.dtype,
                                     std::move(*fusions));
}
