// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The CPU target as the driver sees it: its code, and what the manifest says of
// a CPU.
#include "codegen/cpu/Compile.h"
#include "codegen/host/Compile.h"
#include "compiler/Manifest.h"
#include "compiler/Target.h"

using namespace mlir;
using namespace dit;
namespace cpu = dit::codegen::cpu;

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
  CpuTarget(cpu::Arch arch, StringRef dtype, Pipelines pipelines)
      : Target(std::move(pipelines)), arch(std::move(arch)), dtype(dtype) {}

  std::string name() const override { return arch.name; }

  MachineAttr machine(MLIRContext &context) const override {
    return cpu::machineOf(arch.machine, context);
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
  FailureOr<std::string> manifest(const CompiledModel &model,
                                  const cpu::Report &report) const {
    runtime::Manifest m =
        describeModel(model, report.program, report.scratchBytes);
    m.target = "cpu";
    m.arch = arch.name;
    m.features = arch.features;
    m.dtype = dtype;
    return writeManifest(model, m);
  }

  cpu::Arch arch;
  std::string dtype;
};

} // namespace

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
  Pipelines own = pipelinesOf(
      {.target = "cpu", .dtype = options.dtype, .panel = arch->machine.panel});
  auto pipelines = choosePasses(own, options);
  if (!pipelines)
    return pipelines.takeError();
  return std::make_unique<CpuTarget>(std::move(*arch), options.dtype,
                                     std::move(*pipelines));
}
