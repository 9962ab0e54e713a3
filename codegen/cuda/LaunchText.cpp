// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One function a phase of a model's life, one call a launch, in order.
#include "codegen/cuda/LaunchText.h"

#include <fmt/format.h>

using namespace mlir;

namespace dit::codegen::cuda {

namespace {

/// The address of a place's first element, of launches.h's Memory `at`.
std::string address(const Place &place) {
  static constexpr const char *kInputs[] = {"at.x", "at.t", "at.y"};
  auto behind = [&](const char *begin) {
    return place.offset ? fmt::format("behind({}, {})", begin, place.offset)
                        : begin;
  };
  std::string plus = place.offset ? fmt::format(" + {}", place.offset) : "";
  switch (place.base) {
  case Base::Input:
    return behind(kInputs[place.index]);
  case Base::Output:
    return behind("at.out");
  case Base::Arena:
    return fmt::format("at.arena({} * rows{})", place.offsetPerRow, plus);
  case Base::Prepared:
    return fmt::format("at.prepared({})", place.offset);
  case Base::Table:
    return fmt::format("at.table({})", place.offset);
  case Base::Weight:
    return behind(fmt::format("at.weight({})", place.index).c_str());
  }
  return "";
}

/// `Matrix{at.prepared(0), 1152, 3456, 2304, 112}`
std::string matrix(const std::string &begin, const TensorMap &map) {
  return fmt::format("Matrix{{{}, {}, {}, {}, {}}}", begin, map.columns,
                     printCount(map.rows), map.rowBytes, map.box[1]);
}

/// What tells a launcher of clusters, where there are any.
std::string printCluster(const KernelLaunch &launch) {
  auto [x, y] = launch.cluster;
  return x * y == 1 ? "" : fmt::format(", Cluster{{{}, {}}}", x, y);
}

/// Arguments one below the other, each with what it is.
std::string
printArguments(ArrayRef<std::pair<std::string, std::string>> arguments) {
  std::string text;
  for (auto [i, argument] : llvm::enumerate(arguments)) {
    std::string code =
        argument.first + (i + 1 == arguments.size() ? ");" : ",");
    text += argument.second.empty()
                ? fmt::format("         {}\n", code)
                : fmt::format("         {:<30} // {}\n", code, argument.second);
  }
  return text;
}

/// A library's matmul: its sizes, then x, weight, bias and out.
std::string printMatmul(const Launch &launch, const LibraryMatmul &matmul) {
  FusedOp op = launch.op;
  SmallVector<std::pair<std::string, std::string>> arguments; // and comments
  auto add = [&](int operand) {
    arguments.push_back({address(launch.operands[operand]),
                         inComment(graphName(op.getInputs()[operand]))});
  };
  add(matmul.x);
  add(matmul.weight);
  if (matmul.bias)
    add(*matmul.bias);
  else
    arguments.push_back({"nullptr", ""});
  arguments.push_back({address(launch.results[0]),
                       "-> " + inComment(graphName(op.getResult(0)))});
  std::string type = matmul.type == "bf16" ? "bf16" : "float";
  std::string outType = matmul.outType == "bf16" ? "bf16" : "float";
  return fmt::format("\n  // {}\n  matmul<{}, {}>(launch, {}, {}, {}, "
                     "Epilogue::{},\n",
                     inComment(describe(op)), type, outType,
                     printCount({matmul.rowsPerSample, matmul.fixedRows}),
                     matmul.n, matmul.k,
                     matmul.epilogue == "none"   ? "None"
                     : matmul.epilogue == "bias" ? "Bias"
                                                 : "BiasGeluTanh") +
         printArguments(arguments);
}

std::string printLaunch(const Launch &launch, const KernelText &kernel) {
  if (kernel.launch.matmul)
    return printMatmul(launch, *kernel.launch.matmul);
  SmallVector<std::pair<std::string, std::string>> arguments; // and comments
  FusedOp op = launch.op;
  for (auto [i, place, value] :
       llvm::enumerate(launch.operands, op.getInputs())) {
    const TensorMap *map = kernel.tensorMap(i);
    arguments.push_back({map ? matrix(address(place), *map) : address(place),
                         inComment(graphName(value))});
  }
  for (auto [place, value] : llvm::zip(launch.results, op.getResults()))
    arguments.push_back({address(place), "-> " + inComment(graphName(value))});
  if (kernel.isGathered())
    arguments.push_back({"at.row_index", ""});
  if (kernel.takesRows())
    arguments.push_back({"rows", ""});

  std::string text =
      fmt::format("\n  // {}\n  launch({},\n         Grid{{{}{}}}, {}, {},\n",
                  inComment(describe(op)), kernel.kernel.name,
                  printGrid(kernel.launch.grid), printCluster(kernel.launch),
                  kernel.launch.threads, kernel.launch.sharedBytes);
  return text + printArguments(arguments);
}

std::string printFunction(StringRef name, StringRef what,
                          ArrayRef<Launch> launches,
                          ArrayRef<KernelText> kernels) {
  std::string body;
  for (const Launch &launch : launches)
    body += printLaunch(launch, kernels[launch.kernel]);
  bool usesRows = namesWord(body, "rows");
  size_t matmuls = llvm::count_if(launches, [&](const Launch &launch) {
    return kernels[launch.kernel].launch.matmul.has_value();
  });
  std::string library =
      matmuls ? fmt::format(", {} of them a library's matmuls", matmuls) : "";
  std::string parameters = body.empty()
                               ? "const Launcher &, const Memory &"
                               : "const Launcher &launch, const Memory &at";
  return fmt::format("\n// {}: {} launches{}.\ntemplate <class Launcher>\n"
                     "void {}({}{}) {{",
                     what.str(), launches.size(), library, name.str(),
                     parameters, usesRows ? ", long long rows" : "") +
         body + "}\n";
}

std::string printWeights(const Program &program) {
  std::string text = "\nstruct Weight {\n  const char *name;\n"
                     "  long long floats;\n};\n"
                     "// As the launches of @prepare number them.\n"
                     "inline constexpr Weight kWeights[] = {\n";
  for (const Weight &weight : program.weights) {
    int64_t floats = 1;
    for (int64_t dim : weight.shape)
      floats *= dim;
    std::string name;
    llvm::raw_string_ostream(name).write_escaped(weight.name);
    text += fmt::format("    {{\"{}\", {}}}, // {}\n", name, floats,
                        showShape(weight.shape));
  }
  return text + "};\n";
}

} // namespace

std::string printLaunches(const Program &program,
                          ArrayRef<KernelText> kernels) {
  return "\n#ifndef __CUDACC_RTC__ // the host's part\n"
         "#include \"launches.h\"\n" +
         printWeights(program) +
         printFunction("prepare", "Once a load, of the weights alone",
                       program.prepare, kernels) +
         printFunction("tabulate", "Once a load, of no weights", program.tables,
                       kernels) +
         printFunction("condition",
                       "Once for each row (t, y) of the condition table",
                       program.condition, kernels) +
         printFunction("denoise", "Each evaluation of the network",
                       program.denoise, kernels) +
         "\n#endif\n";
}

} // namespace dit::codegen::cuda
