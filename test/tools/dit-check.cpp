// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// dit-check A.mlir             runs the functions of A and prints their results
// dit-check A.mlir B.mlir      exits 1 where a result of B differs from A's
// dit-check A.mlir --golden    exits 1 where A differs from stored tensors
// dit-check A.mlir --walk-weights   exits 1 where scaling a weight changes too
// little Files may hold several modules, separated by `// -----`.
#include "test/tools/Check.h"

#include "dialect/DiTDialect.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/MemoryBuffer.h"
#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <set>

using namespace mlir;
using namespace dit;
using namespace dit::test;

namespace {

struct Arguments {
  std::string file, other, weights, golden;
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

/// Stored tensors named like an input of @denoise are its inputs; all others
/// are compared with the output, or the op, of that name.
int compareGolden(ModuleOp module, const Arguments &args) {
  TensorMap golden = orExit(readTensors(module.getContext(), args.golden));
  std::set<std::string> missing;
  for (const auto &[name, tensor] : golden)
    missing.insert(name);
  for (auto function : module.getOps<func::FuncOp>())
    for (unsigned i = 0; i < function.getNumArguments(); ++i)
      missing.erase(argumentName(function, i));
  int failures = 0, compared = 0;
  auto check = [&](StringRef name, const Tensor &got) {
    if (!missing.erase(name.str()))
      return;
    Difference d = compareTensors(name, golden.at(name.str()), got);
    ++compared;
    failures += !d.within(args.budget);
    fmt::print("{}: {}\n", d.within(args.budget) ? "same" : "different",
               describe(d, args.budget));
  };
  InterpreterOptions how;
  how.exact = args.options.exact;
  how.useArena = args.options.useArena;
  how.observe = check;
  for (auto &[name, tensor] :
       orExit(interpret(module, weightsOf(module, args), golden, how)))
    check(name, tensor);
  for (const std::string &name : missing)
    fmt::print("missing: nothing is called '{}'\n", name);
  fmt::print("{} tensors compared, {} different, {} missing\n", compared,
             failures, missing.size());
  return failures || !missing.empty() || !compared;
}

/// With each weight in turn scaled by 1.5, the network's output must leave what
/// it is compared with, the golden or its own output, by more than 100 budgets.
int walkWeights(ModuleOp module, const Arguments &args) {
  WeightSource weights = weightsOf(module, args);
  TensorMap golden;
  if (!args.golden.empty())
    golden = orExit(readTensors(module.getContext(), args.golden));
  auto run = [&](const WeightSource &source) {
    InterpreterOptions how;
    how.exact = args.options.exact;
    return golden.empty() ? orExit(runModule(module, source, args.options))
                          : orExit(interpret(module, source, golden, how));
  };
  TensorMap expected = golden.empty() ? run(weights) : golden;
  std::set<std::string> names;
  module.walk([&](WeightOp op) { names.insert(op.getName().str()); });
  int failures = 0;
  for (const std::string &name : names) {
    double moved = 0;
    for (auto &[output, tensor] : run(scaleWeight(weights, name, 1.5)))
      moved = std::max(
          moved, compareTensors(output, expected.at(output), tensor).error);
    bool enough = moved > 100 * args.budget;
    failures += !enough;
    fmt::print("{}: {} moves the output by {:.3g}\n",
               enough ? "seen" : "unseen", name, moved);
  }
  fmt::print("{} weights, {} unseen\n", names.size(), failures);
  return failures || names.empty();
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
  app.add_option("--golden", args.golden,
                 "safetensors: inputs and expected values");
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
    failed |= args.walkWeights       ? walkWeights(*module, args)
              : !args.golden.empty() ? compareGolden(*module, args)
              : !others.empty()      ? compare(*module, *others[i], args)
                                     : print(*module, args);
  return failed;
}
