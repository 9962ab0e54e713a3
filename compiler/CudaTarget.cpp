// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The CUDA target as the driver sees it: the text of a model, its
// machine code, and what the manifest says of a GPU.
#include "codegen/cuda/Arch.h"
#include "codegen/cuda/Emit.h"
#include "codegen/cuda/Nvrtc.h"
#include "codegen/host/Compile.h"
#include "compiler/Manifest.h"

#include "llvm/ADT/StringExtras.h"
#include <fmt/format.h>
#include <future>

using namespace mlir;
using namespace dit;
namespace cuda = dit::codegen::cuda;
namespace host = dit::codegen::host;

namespace {

runtime::RowCount countOf(const cuda::Count &count) {
  return {count.perRow, count.fixed};
}

/// `operands`: how many addresses the launch record has.
runtime::LaunchEntry describeLaunch(const cuda::KernelLaunch &launch,
                                    size_t operands) {
  runtime::LaunchEntry entry;
  entry.function = launch.function;
  for (const cuda::GridDim &dim : launch.grid)
    entry.grid.push_back({{dim.perRow, dim.fixed}, dim.tile});
  entry.threads = launch.threads;
  entry.sharedBytes = launch.sharedBytes;
  entry.operands = static_cast<int64_t>(operands);
  entry.takesRows = launch.takesRows;
  for (const cuda::TensorMap &map : launch.tensorMaps)
    entry.tensorMaps.push_back({map.operand, map.columns, countOf(map.rows),
                                map.rowBytes, map.box[0], map.box[1],
                                map.swizzle});
  return entry;
}

runtime::CublasLtEntry describeMatmul(const cuda::LibraryMatmul &matmul) {
  runtime::CublasLtEntry entry;
  entry.m = {matmul.rowsPerSample, matmul.fixedRows};
  entry.n = matmul.n, entry.k = matmul.k;
  entry.x = matmul.x, entry.weight = matmul.weight, entry.out = matmul.out;
  if (matmul.bias)
    entry.bias = *matmul.bias;
  entry.type = matmul.type, entry.outType = matmul.outType;
  entry.epilogue = matmul.epilogue;
  return entry;
}

/// out, noise, history, x and row; then come the ints samples and guided.
constexpr size_t kStepOperands = 5;

/// What the CUDA target makes of a model: how values are computed, and for
/// what.
struct Making {
  std::string arch, dtype, matmul;
  int64_t batchHint;
};

/// The emitted file, and what it was made of.
class CudaCode : public TargetCode {
public:
  CudaCode(const Making &making, const CompiledModel &model,
           codegen::Program program, cuda::EmittedFile file)
      : making(making), model(model), program(std::move(program)),
        file(std::move(file)) {}

  ~CudaCode() override {
    if (compiling.valid())
      llvm::consumeError(compiling.get().takeError());
  }

  FailureOr<std::string> text() override { return file.text; }
  StringRef fileName() const override { return "target.cu"; }

  void start() override {
    compiling = std::async(std::launch::async, [this] {
      return cuda::compileToCubin(file.text, "the emitted file", making.arch);
    });
  }

  llvm::Expected<std::string> object() override {
    Location loc = model.planned.getLoc();
    if (!compiling.valid())
      start();
    auto cubin = compiling.get();
    if (!cubin)
      return cubin.takeError();
    auto text = manifest(*cubin);
    if (failed(text))
      return diagnosed();
    if (!cubin->log.empty())
      emitWarning(loc) << "NVRTC " << cubin->nvrtc << " for " << making.arch
                       << ": " << StringRef(cubin->log).rtrim();
    OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
    OpBuilder builder(module->getContext());
    host::EntryPoints(*module, builder, program, /*tasks=*/{})
        .emit(*text, cubin->bytes, model.place);
    if (failed(host::lowerToLLVM(*module)))
      return diagnosed();
    auto bytes = host::emitObject(*module, host::kBaseline);
    if (failed(bytes))
      return diagnosed();
    return std::move(*bytes);
  }

private:
  FailureOr<std::string> manifest(const cuda::Cubin &cubin) const {
    runtime::Manifest m = describeModel(model, program, /*scratchBytes=*/0);
    m.target = "cuda";
    m.arch = making.arch;
    m.dtype = making.dtype;
    m.matmul = making.matmul;
    m.codeBytes = static_cast<int64_t>(cubin.bytes.size());
    m.nvrtc = cubin.nvrtc;
    for (auto [function, entry] : llvm::zip(program.functions, m.functions))
      for (auto [launch, kernel] : llvm::zip(function.launches, entry.kernels))
        addLaunch(kernel, launch);
    if (file.step)
      m.step = describeLaunch(*file.step, kStepOperands);
    return writeManifest(model, m);
  }

  /// How a kernel is started, or which matmul of cuBLASLt's it is.
  void addLaunch(runtime::KernelEntry &entry,
                 const codegen::Launch &launch) const {
    host::KernelOperands operands(program.kernels[launch.kernel],
                                  /*takesHost=*/false);
    const cuda::KernelLaunch &kernel = file.kernels[launch.kernel];
    if (kernel.matmul)
      entry.cublasLt = describeMatmul(*kernel.matmul);
    else
      entry.launch = describeLaunch(kernel, operands.count);
  }

  const Making &making; ///< the target's, which lives longer
  CompiledModel model;
  codegen::Program program;
  cuda::EmittedFile file;
  /// Last, so that it has ended before what it reads is gone.
  std::future<llvm::Expected<cuda::Cubin>> compiling;
};

class CudaTarget : public Target {
public:
  CudaTarget(Making making, Pipelines pipelines)
      : Target(std::move(pipelines)), making(std::move(making)) {}

  std::string name() const override {
    bool isGenerated = making.matmul == "generated";
    return making.arch + (isGenerated ? "" : "-" + making.matmul);
  }

  MachineAttr machine(MLIRContext &context) const override {
    return cuda::machineOf(*cuda::findArch(making.arch), making.dtype == "bf16",
                           context);
  }

  FailureOr<std::unique_ptr<TargetCode>>
  makeCode(const CompiledModel &model) const override {
    const Spec &spec = model.spec;
    auto program = codegen::planLaunches(model.planned);
    if (failed(program))
      return failure();
    cuda::EmitOptions options;
    options.arch = making.arch;
    options.batchHint = making.batchHint;
    options.title =
        fmt::format("{} for {} in {}: depth {}, width {}, heads {}, patch_size "
                    "{}, {} tokens ({}).",
                    spec.name.value, making.arch, making.dtype,
                    spec.depth.value, spec.width.value, spec.heads.value,
                    spec.patchSize.value, spec.tokens(), spec.size().show());
    auto file = cuda::emitText(*program, options);
    if (failed(file))
      return failure();
    return std::unique_ptr<TargetCode>(std::make_unique<CudaCode>(
        making, model, std::move(*program), std::move(*file)));
  }

private:
  Making making;
};

} // namespace

llvm::Expected<std::unique_ptr<Target>>
dit::makeCudaTarget(const TargetOptions &options) {
  const cuda::Arch *gpu = cuda::findArch(options.arch);
  if (!gpu) {
    auto names = llvm::map_range(
        cuda::archs(), [](const cuda::Arch &arch) { return arch.name; });
    return llvm::createStringError(
        "--arch must be " + llvm::join(names, ", ") +
        " for --target=cuda, or a list of them, but found '" + options.arch +
        "'");
  }
  static constexpr llvm::StringLiteral kDtypes[] = {"f32", "bf16", "tf32"};
  if (!llvm::is_contained(kDtypes, options.dtype))
    return llvm::createStringError(
        "--dtype must be " +
        llvm::join(std::begin(kDtypes), std::end(kDtypes), ", ") +
        " for --target=cuda, but found '" + options.dtype + "'");
  if (options.matmul != "generated" && options.matmul != "cublaslt")
    return llvm::createStringError(
        "--matmul must be generated, cublaslt or both, but found '" +
        options.matmul + "'");
  PipelineOptions passes = {
      .target = "cuda", .dtype = options.dtype, .matmul = options.matmul};
  auto pipelines = choosePasses(pipelinesOf(passes), options);
  if (!pipelines)
    return pipelines.takeError();
  return std::make_unique<CudaTarget>(
      Making{options.arch, options.dtype, options.matmul, options.batchHint},
      std::move(*pipelines));
}
