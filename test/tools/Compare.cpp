// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs modules and says how far apart their results are.
#include "test/tools/Check.h"

#include "dialect/DiTDialect.h"
#include "dialect/Rate.h"

#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <limits>
#include <set>

using namespace mlir;
using llvm::createStringError;
using llvm::Expected;

namespace dit::test {

std::string describe(const Difference &d, double budget) {
  if (!d.note.empty())
    return fmt::format("{}: {}", d.tensor, d.note);
  std::string text = fmt::format("{}: relative L2 error {:.3g}, budget {:.3g}",
                                 d.tensor, d.error, budget);
  if (d.error != 0)
    text += fmt::format("; worst at [{}]: expected {:.9g}, got {:.9g}",
                        fmt::join(d.index, ", "), d.expected, d.got);
  return text;
}

Difference compareTensors(StringRef name, const Tensor &expected,
                          const Tensor &got) {
  Difference worst;
  worst.tensor = name.str();
  if (expected.shape != got.shape) {
    worst.note = fmt::format("expected {}, got {}", showShape(expected.shape),
                             showShape(got.shape));
    return worst;
  }
  double squares = 0, norm = 0, furthest = -1;
  int64_t at = 0;
  for (int64_t i = 0; i < got.size(); ++i) {
    double off = std::fabs(got.values[i] - expected.values[i]);
    if (std::isnan(off))
      off = std::numeric_limits<double>::infinity();
    if (off > furthest)
      furthest = off, at = i;
    squares += off * off;
    norm += expected.values[i] * expected.values[i];
  }
  worst.error = squares == 0 ? 0 : std::sqrt(squares / norm);
  worst.expected = got.size() ? expected.values[at] : 0;
  worst.got = got.size() ? got.values[at] : 0;
  for (int64_t i = got.shape.size() - 1; i >= 0; at /= got.shape[i--])
    worst.index.insert(worst.index.begin(), at % got.shape[i]);
  return worst;
}

static InterpreterOptions interpreterOptions(const CheckOptions &options) {
  InterpreterOptions how;
  how.exact = options.exact;
  how.useArena = options.useArena;
  return how;
}

Expected<TensorMap> makeInputs(ModuleOp module, const CheckOptions &options) {
  TensorMap inputs;
  for (auto function : module.getOps<func::FuncOp>())
    for (unsigned i = 0; i < function.getNumArguments(); ++i) {
      auto from = function.getArgAttrOfType<StringAttr>(i, kFromAttr);
      std::string name = nameOfArgument(function, i);
      if (!isOfNetwork(function) || (from && from != "input") ||
          inputs.contains(name))
        continue;
      auto input = makeInput(function, i, options);
      if (!input)
        return input.takeError();
      inputs[name] = std::move(*input);
    }
  return inputs;
}

Expected<TensorMap> runModule(ModuleOp module, const WeightSource &weights,
                              const CheckOptions &options) {
  InterpreterOptions how = interpreterOptions(options);
  TensorMap results;
  auto network = functionsOf(module);
  bool isNetwork = !network.empty();
  if (isNetwork) {
    auto inputs = makeInputs(module, options);
    if (!inputs)
      return inputs.takeError();
    auto outputs = interpret(module, weights, *inputs, how);
    if (!outputs)
      return outputs.takeError();
    for (auto &[name, tensor] : *outputs)
      results[fmt::format("@{}.{}", network.back().getName().str(), name)] =
          std::move(tensor);
  }
  for (auto function : module.getOps<func::FuncOp>()) {
    if (isNetwork && isOfNetwork(function))
      continue;
    std::vector<Tensor> arguments;
    for (unsigned i = 0; i < function.getNumArguments(); ++i) {
      auto input = makeInput(function, i, options);
      if (!input)
        return input.takeError();
      arguments.push_back(std::move(*input));
    }
    auto values = interpretFunction(function, arguments, weights, how);
    if (!values)
      return values.takeError();
    for (auto [i, value] : llvm::enumerate(*values))
      results[fmt::format("@{}.{}", function.getName().str(),
                          nameOfResult(function, i))] = std::move(value);
  }
  return results;
}

/// A larger error, or a comparison that could not be made.
static bool isWorse(const Difference &a, const Difference &b) {
  return b.note.empty() && (!a.note.empty() || !(a.error <= b.error));
}

Expected<Difference> compareModules(ModuleOp a, ModuleOp b,
                                    const CheckOptions &options) {
  // Arenas are a matter of planned modules: only the second one may be planned.
  CheckOptions first = options;
  first.useArena = false;
  auto expected = runModule(a, seededWeights(a, options.seed), first);
  if (!expected)
    return expected.takeError();
  auto got = runModule(b, seededWeights(b, options.seed), options);
  if (!got)
    return got.takeError();
  if (expected->empty())
    return createStringError(
        "there is nothing to compare: no function returns a value");
  Difference worst;
  worst.tensor = expected->begin()->first;
  for (const auto &[name, tensor] : *expected) {
    Difference difference;
    if (auto it = got->find(name); it != got->end())
      difference = compareTensors(name, tensor, it->second);
    else
      difference.tensor = name,
      difference.note = "is missing from the second module";
    if (isWorse(difference, worst))
      worst = difference;
  }
  return worst;
}

Expected<std::vector<Difference>> compareGolden(ModuleOp module,
                                                const WeightSource &weights,
                                                const TensorMap &inputs,
                                                const TensorMap &golden,
                                                const CheckOptions &options) {
  std::vector<Difference> differences;
  std::set<std::string> seen, arguments;
  for (auto function : module.getOps<func::FuncOp>())
    for (unsigned i = 0; i < function.getNumArguments(); ++i)
      arguments.insert(nameOfArgument(function, i));
  auto check = [&](StringRef name, const Tensor &got) {
    auto it = golden.find(name.str());
    if (it != golden.end() && seen.insert(name.str()).second)
      differences.push_back(compareTensors(name, it->second, got));
  };
  InterpreterOptions how = interpreterOptions(options);
  how.observe = check;
  auto outputs = interpret(module, weights, inputs, how);
  if (!outputs)
    return outputs.takeError();
  for (auto &[name, tensor] : *outputs)
    check(name, tensor);
  for (const auto &[name, tensor] : golden)
    if (!seen.contains(name) && !arguments.contains(name)) {
      Difference missing;
      missing.tensor = name;
      missing.note = "nothing is called so";
      differences.push_back(missing);
    }
  return differences;
}

Expected<std::map<std::string, double>>
walkWeights(ModuleOp module, const WeightSource &weights,
            const TensorMap &inputs, const TensorMap &expected, double factor,
            const CheckOptions &options) {
  std::map<std::string, double> moved;
  module.walk([&](WeightOp op) { moved[op.getName().str()] = 0; });
  for (auto &[name, most] : moved) {
    auto outputs = interpret(module, scaleWeight(weights, name, factor), inputs,
                             interpreterOptions(options));
    if (!outputs)
      return outputs.takeError();
    for (const auto &[output, tensor] : *outputs) {
      auto it = expected.find(output);
      if (it == expected.end())
        return createStringError(
            fmt::format("there is no expected value for '{}'", output));
      most = std::max(most, compareTensors(output, it->second, tensor).error);
    }
  }
  return moved;
}

bool sameMeaning(ModuleOp a, ModuleOp b, uint64_t seed) {
  CheckOptions options;
  options.seed = seed;
  auto worst = compareModules(a, b, options);
  if (worst)
    return worst->within(1e-12);
  llvm::consumeError(worst.takeError());
  return false;
}

} // namespace dit::test
