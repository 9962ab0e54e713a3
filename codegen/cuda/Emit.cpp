// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The parts of an emitted file, in order.
#include "codegen/cuda/Emit.h"
#include "codegen/cuda/Expressions.h"
#include "codegen/cuda/LaunchText.h"
#include "codegen/cuda/StepText.h"

#include <fmt/format.h>
#include <numeric>

using namespace mlir;

namespace dit::codegen::cuda {

namespace {

LogicalResult checkPlace(FusedOp op, const Place &place, StringRef what,
                         unsigned index) {
  Type element = place.type.getElementType();
  bool isLabels = place.type.getRank() == 1 && element.isInteger(32);
  if (!element.isF32() && !element.isBF16() && !isLabels)
    return op.emitOpError()
           << "cannot be printed for CUDA: " << what << " " << index
           << " must be f32 or bf16, but is " << element;
  if (!place.strides.empty() && place.strides.back() != 1 &&
      place.type.getShape().back() != 1)
    return op.emitOpError()
           << "cannot be printed for CUDA: the last dimension of " << what
           << " " << index << " must be contiguous, but has stride "
           << place.strides.back();
  return success();
}

LogicalResult check(const Kernel &kernel) {
  FusedOp op = kernel.op;
  for (auto [i, place] : llvm::enumerate(kernel.operands))
    if (failed(checkPlace(op, place, "operand", i)))
      return failure();
  for (auto [i, place] : llvm::enumerate(kernel.results))
    if (failed(checkPlace(op, place, "result", i)))
      return failure();
  // Only casts round, and what only moves elements moves rounded ones too.
  for (Operation &inner : op.getBody().front().without_terminator()) {
    Type element =
        cast<RankedTensorType>(inner.getResult(0).getType()).getElementType();
    bool isMove = isa<CastOp>(inner) || inner.hasTrait<MovesElements>();
    if (!element.isF32() && !(isMove && element.isBF16()))
      return inner.emitOpError()
             << "cannot be printed for CUDA: its result must be f32"
             << (isMove ? " or bf16" : "") << ", but is " << element;
  }
  return success();
}

LogicalResult printBody(KernelText &text) {
  switch (text.op().getKind()) {
  case KernelKind::Row:
    return printRow(text);
  case KernelKind::Linear:
    return printLinear(text);
  case KernelKind::Attention:
    return printAttention(text);
  case KernelKind::Patch:
  case KernelKind::Pack:
    return printElements(text);
  }
  return failure();
}

/// `(N, 15, 20)`, and where its sample is found.
std::string showPlace(const Place &place) {
  std::string text = "(";
  for (auto [i, dim] : llvm::enumerate(place.type.getShape()))
    text += (i ? ", " : "") +
            (ShapedType::isDynamic(dim) ? "N" : std::to_string(dim));
  return text + (place.gathered ? fmt::format("), row {}[n] of the table",
                                              rowIndexOfTable(place))
                                : ")");
}

/// What stands between `void` and the kernel's name.
std::string launchBounds(const KernelText &text) {
  const KernelLaunch &launch = text.launch;
  auto [x, y] = launch.cluster;
  return (x * y == 1 ? "" : fmt::format("DIT_CLUSTER({}, {}, 1) ", x, y)) +
         fmt::format("__launch_bounds__({}{})", launch.threads,
                     text.isAlone ? ", 1" : "");
}

class FileText {
public:
  FileText(const Program &program, const EmitOptions &options)
      : program(program), options(options) {}

  FailureOr<EmittedFile> print(const Arch &arch);

private:
  LogicalResult makeKernels(const Arch &arch);
  void printConstants();
  void printKernel(const KernelText &text);
  std::string comesFrom(const KernelText &text) const;

  const Program &program;
  const EmitOptions &options;
  std::vector<KernelText> kernels;
  std::string out;
};

/// Calls `visit` with every launch.
void forEachLaunch(const Program &program,
                   llvm::function_ref<void(const Launch &)> visit) {
  for (const Function &function : program.functions)
    for (const Launch &launch : function.launches)
      visit(launch);
}

LogicalResult FileText::makeKernels(const Arch &arch) {
  for (const Kernel &kernel : program.kernels) {
    if (failed(check(kernel)))
      return failure();
    KernelText &text = kernels.emplace_back(kernel, arch, options.batchHint);
    text.operandSteps.assign(kernel.operands.size(), 0);
    text.resultSteps.assign(kernel.results.size(), 0);
  }
  auto meet = [](ArrayRef<Place> places, MutableArrayRef<int64_t> steps) {
    for (auto [place, step] : llvm::zip(places, steps))
      step = std::gcd(step, std::gcd(place.offset, place.offsetPerRow) /
                                place.elementBytes());
  };
  forEachLaunch(program, [&](const Launch &launch) {
    meet(launch.operands, kernels[launch.kernel].operandSteps);
    meet(launch.results, kernels[launch.kernel].resultSteps);
  });
  for (KernelText &text : kernels) {
    if (failed(printBody(text)))
      return failure();
    text.launch.function = text.kernel.name;
    text.launch.takesRows = text.takesRows();
  }
  return success();
}

void FileText::printConstants() {
  std::string code = fmt::format(
      "inline constexpr long long kPreparedBytes = {};", program.preparedBytes);
  out += fmt::format("{:<60} // what @prepare leaves\n", code);
}

/// `blocks[0] and 5 more`.
std::string FileText::comesFrom(const KernelText &text) const {
  int launches = 0;
  forEachLaunch(program, [&](const Launch &launch) {
    launches += &program.kernels[launch.kernel] == &text.kernel;
  });
  std::string from = inComment(describe(text.op()));
  if (launches > 1)
    from += fmt::format(", and {} more like it", launches - 1);
  return from;
}

void FileText::printKernel(const KernelText &text) {
  out += fmt::format("\n// {}\n// {}. {}\n", formulas(text.op(), text.names),
                     comesFrom(text), text.note);
  out += fmt::format("extern \"C\" __global__ void {} {}(\n",
                     launchBounds(text), text.kernel.name);
  SmallVector<std::pair<std::string, std::string>> parameters; // and comments
  for (auto [i, place] : llvm::enumerate(text.kernel.operands))
    parameters.push_back(
        {(text.tensorMap(i) ? "const __grid_constant__ TensorMap "
                            : "const " + typeName(place.type.getElementType()) +
                                  " *__restrict__ ") +
             text.operandName(i),
         showPlace(place)});
  for (auto [i, place] : llvm::enumerate(text.kernel.results))
    parameters.push_back({typeName(place.type.getElementType()) +
                              " *__restrict__ " + text.resultName(i),
                          showPlace(place)});
  for (const Place &place : text.tables())
    parameters.push_back(
        {"const int *__restrict__ " + rowIndexOfTable(place), "(N)"});
  if (text.takesRows())
    parameters.push_back({"int rows", "N"});
  for (auto [i, parameter] : llvm::enumerate(parameters)) {
    bool isLast = i + 1 == parameters.size();
    out +=
        fmt::format("    {:<40} // {}\n",
                    parameter.first + (isLast ? ") {" : ","), parameter.second);
  }
  out += text.body + "}\n";
}

FailureOr<EmittedFile> FileText::print(const Arch &arch) {
  if (failed(makeKernels(arch)))
    return failure();
  out = "// " + inComment(options.title) +
        "\n#include \"attention.h\"\n#include \"attention_f32.h\"\n"
        "#include \"elements.h\"\n#include \"matmul.h\"\n"
        "#include \"matmul_f32.h\"\n" +
        (arch.name == "sm_90a" ? "#include \"matmul_sm90.h\"\n" : "") +
        "#include \"step.h\"\n"
        "\nusing namespace dit;\n\n";
  printConstants();
  for (const KernelText &text : kernels)
    if (!text.launch.matmul)
      printKernel(text);
  std::optional<StepText> step = printStep(program);
  if (step)
    out += step->text;
  out += printLaunches(program, kernels);
  EmittedFile file{std::move(out), {}, std::nullopt};
  if (step)
    file.step = step->launch;
  for (const KernelText &text : kernels)
    file.kernels.push_back(text.launch);
  return file;
}

} // namespace

FailureOr<EmittedFile> emitText(const Program &program,
                                const EmitOptions &options) {
  const Arch *arch = findArch(options.arch);
  assert(arch && "the driver checks --arch");
  return FileText(program, options).print(*arch);
}

} // namespace dit::codegen::cuda
