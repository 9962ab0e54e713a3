// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// dit-check A.mlir                 runs A's functions and prints their results
// dit-check A.mlir B.mlir          fails where a result of B differs from A's
// dit-check A.mlir --golden FILE   fails where A differs from stored tensors
// dit-check A.mlir --walk-weights  scales each weight by 1.5; fails where the
// output
//                                  moves by less than 100 budgets
// Files may hold several modules, separated by `// -----`.
#include "test/tools/Check.h"

#include "dialect/DiTDialect.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/MemoryBuffer.h"
#include <CLI/CLI.hpp>
#include <fmt/format.h>

using namespace mlir;
using namespace dit;
using namespace dit::test;

namespace {

struct Arguments {
  std::string file, other, weights, input, golden;
  CheckOptions options;
  double budget = 1e-12;
  bool walkWeights = false;
};

/// The first error ends the tool.
template <typename T> T orExit(llvm::Expected<T> value) {
  if (value)
    return std::move(*value);
  fmt::print(stderr, "dit-check: error: {}\n",
             llvm::toString(value.takeError()));
  exit(1);
}

std::vector<OwningOpRef<ModuleOp>> parse(MLIRContext &context,
                                         const std::string &path) {
  auto buffer = llvm::MemoryBuffer::getFileOrSTDIN(path);
  if (!buffer) {
    fmt::print(stderr, "dit-check: error: cannot read {}\n", path);
    exit(1);
  }
  SmallVector<StringRef> parts;
  (*buffer)->getBuffer().split(parts, "// -----\n");
  std::vector<OwningOpRef<ModuleOp>> modules;
  for (StringRef part : parts) {
    modules.push_back(parseSourceString<ModuleOp>(part, &context));
    if (!modules.back())
      exit(1); // the parser has said why
  }
  return modules;
}

/// [[1, 2], [3, 4]]
std::string show(const Tensor &tensor, size_t dim, int64_t &at) {
  if (dim == tensor.shape.size())
    return fmt::format("{:.6g}", tensor.values[at++]);
  std::string text = "[";
  for (int64_t i = 0; i < tensor.shape[dim]; ++i)
    text += (i ? ", " : "") + show(tensor, dim + 1, at);
  return text + "]";
}

WeightSource weightsOf(ModuleOp module, const Arguments &args) {
  return args.weights.empty()
             ? seededWeights(module, args.options.seed)
             : storedWeights(
                   orExit(readTensors(module.getContext(), args.weights)));
}

int print(ModuleOp module, const Arguments &args) {
  for (auto &[name, tensor] :
       orExit(runModule(module, weightsOf(module, args), args.options))) {
    int64_t at = 0;
    fmt::print("{} : {} = {}\n", name, showShape(tensor.shape),
               show(tensor, 0, at));
  }
  return 0;
}

int compare(ModuleOp a, ModuleOp b, const Arguments &args) {
  Difference worst = orExit(compareModules(a, b, args.options));
  bool same = worst.within(args.budget);
  fmt::print("{}: {}\n", same ? "same" : "different",
             describe(worst, args.budget));
  return !same;
}

/// The tensors of --input, else made up.
TensorMap inputsOf(ModuleOp module, const Arguments &args) {
  return args.input.empty()
             ? orExit(makeInputs(module, args.options))
             : orExit(readTensors(module.getContext(), args.input));
}

int golden(ModuleOp module, const Arguments &args) {
  int different = 0;
  auto differences = orExit(compareGolden(
      module, weightsOf(module, args), inputsOf(module, args),
      orExit(readTensors(module.getContext(), args.golden)), args.options));
  for (const Difference &d : differences) {
    bool same = d.within(args.budget);
    different += !same;
    fmt::print("{}: {}\n", same ? "same" : "different",
               describe(d, args.budget));
  }
  fmt::print("{} tensors compared, {} different\n", differences.size(),
             different);
  return different || differences.empty();
}

/// What is compared with is the golden output, or the network's own.
int walk(ModuleOp module, const Arguments &args) {
  WeightSource weights = weightsOf(module, args);
  TensorMap inputs = inputsOf(module, args);
  TensorMap expected =
      args.golden.empty()
          ? orExit(interpret(module, weights, inputs))
          : orExit(readTensors(module.getContext(), args.golden));
  int unseen = 0;
  auto moved =
      orExit(walkWeights(module, weights, inputs, expected, 1.5, args.options));
  for (const auto &[name, error] : moved) {
    bool enough = error > 100 * args.budget;
    unseen += !enough;
    fmt::print("{}: {} moves the output by {:.3g}\n",
               enough ? "seen" : "unseen", name, error);
  }
  fmt::print("{} weights, {} unseen\n", moved.size(), unseen);
  return unseen || moved.empty();
}

} // namespace

int main(int argc, char **argv) {
  Arguments args;
  CLI::App app{"runs and compares dit IR by the reference interpreter"};
  app.add_option("file", args.file)->required();
  app.add_option("other", args.other, "compare with this instead of printing");
  app.add_option("--seed", args.options.seed, "of inputs and weights");
  app.add_option("--batch", args.options.batch);
  app.add_option("--budget", args.budget, "largest relative L2 error");
  app.add_option("--weights", args.weights, "safetensors, instead of the seed");
  app.add_option("--input", args.input, "safetensors, instead of the seed");
  app.add_option("--golden", args.golden,
                 "safetensors: values to compare with");
  app.add_flag("--walk-weights", args.walkWeights, "scale each weight by 1.5");
  app.add_flag("--exact", args.options.exact, "ignore dit.cast");
  app.add_flag("--arena", args.options.useArena, "use the planned offsets");
  CLI11_PARSE(app, argc, argv);

  MLIRContext context;
  context.loadDialect<DiTDialect, func::FuncDialect>();
  auto modules = parse(context, args.file);
  std::vector<OwningOpRef<ModuleOp>> others;
  if (!args.other.empty() &&
      (others = parse(context, args.other)).size() != modules.size()) {
    fmt::print(stderr, "dit-check: error: {} modules against {}\n",
               modules.size(), others.size());
    return 1;
  }
  int failed = 0;
  for (auto [i, module] : llvm::enumerate(modules))
    failed |= args.walkWeights       ? walk(*module, args)
              : !args.golden.empty() ? golden(*module, args)
              : !others.empty()      ? compare(*module, *others[i], args)
                                     : print(*module, args);
  return failed;
}
