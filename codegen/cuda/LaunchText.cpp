// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Each function of the program, one call a launch, in order.
#include "codegen/cuda/LaunchText.h"

#include <fmt/format.h>

using namespace mlir;

namespace dit::codegen::cuda {

namespace {

/// The address of a place's first element, of launches.h's Memory `at`; `place`
/// is one of the function's launches.
std::string address(const Function &function, const Place &place) {
  auto behind = [&](const std::string &begin) {
    return place.offset ? fmt::format("behind({}, {})", begin, place.offset)
                        : begin;
  };
  std::string plus = place.offset ? fmt::format(" + {}", place.offset) : "";
  switch (place.base) {
  case Base::Input:
    return behind(fmt::format("at.input({})", function.inputs[place.index]));
  case Base::Output:
    return behind(fmt::format("at.output({})", place.index));
  case Base::Arena:
    return fmt::format("at.arena({} * rows{})", place.offsetPerRow, plus);
  case Base::Prepared:
    return fmt::format("at.prepared({})", place.offset);
  case Base::Table:
    return fmt::format("at.table({}, {})", place.index, place.offset);
  case Base::Weight:
    return behind(fmt::format("at.weight({})", place.index));
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
std::string printMatmul(const Function &function, const Launch &launch,
                        const LibraryMatmul &matmul) {
  FusedOp op = launch.op;
  SmallVector<std::pair<std::string, std::string>> arguments; // and comments
  auto add = [&](int operand) {
    arguments.push_back({address(function, launch.operands[operand]),
                         inComment(graphName(op.getInputs()[operand]))});
  };
  add(matmul.x);
  add(matmul.weight);
  if (matmul.bias)
    add(*matmul.bias);
  else
    arguments.push_back({"nullptr", ""});
  arguments.push_back({address(function, launch.results[0]),
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

std::string printLaunch(const Function &function, const Launch &launch,
                        const KernelText &kernel) {
  if (kernel.launch.matmul)
    return printMatmul(function, launch, *kernel.launch.matmul);
  SmallVector<std::pair<std::string, std::string>> arguments; // and comments
  FusedOp op = launch.op;
  for (auto [i, place, value] :
       llvm::enumerate(launch.operands, op.getInputs())) {
    const TensorMap *map = kernel.tensorMap(i);
    arguments.push_back({map ? matrix(address(function, place), *map)
                             : address(function, place),
                         inComment(graphName(value))});
  }
  for (auto [place, value] : llvm::zip(launch.results, op.getResults()))
    arguments.push_back(
        {address(function, place), "-> " + inComment(graphName(value))});
  for (const Place &place : kernel.tables())
    arguments.push_back({fmt::format("at.row_index({})", place.index), ""});
  if (kernel.takesRows())
    arguments.push_back({"rows", ""});

  std::string text =
      fmt::format("\n  // {}\n  launch({},\n         Grid{{{}{}}}, {}, {},\n",
                  inComment(describe(op)), kernel.kernel.name,
                  printGrid(kernel.launch.grid), printCluster(kernel.launch),
                  kernel.launch.threads, kernel.launch.sharedBytes);
  return text + printArguments(arguments);
}

StringRef describe(const Function &function) {
  switch (function.rate) {
  case Rate::Load:
    return function.readsWeights ? "Once a load, of the weights alone"
                                 : "Once a load, of no weights";
  case Rate::Prompt:
    return "Once for each row of the prompt table";
  case Rate::Condition:
    return "Once for each row of the condition table";
  case Rate::Step:
    return "Each evaluation of the network";
  }
  return "";
}

std::string printFunction(const Function &function,
                          ArrayRef<KernelText> kernels) {
  std::string body;
  for (const Launch &launch : function.launches)
    body += printLaunch(function, launch, kernels[launch.kernel]);
  size_t matmuls = llvm::count_if(function.launches, [&](const Launch &launch) {
    return kernels[launch.kernel].launch.matmul.has_value();
  });
  std::string library =
      matmuls ? fmt::format(", {} of them a library's matmuls", matmuls) : "";
  std::string parameters = body.empty()
                               ? "const Launcher &, const Memory &"
                               : "const Launcher &launch, const Memory &at";
  bool namesRows = namesWord(body, "rows");
  return fmt::format("\n// {}: {} launches{}.\ntemplate <class Launcher>\n"
                     "void {}({}, long long{}) {{",
                     describe(function).str(), function.launches.size(),
                     library, function.name, parameters,
                     namesRows ? " rows" : "") +
         body + "}\n";
}

/// The inputs and functions in the order that Memory's lists have, and a
/// function by its number.
std::string printLists(const Program &program) {
  std::string text = "\nstruct Input {\n  const char *name, *every;\n"
                     "  long long elements; // of a sample\n};\n"
                     "inline constexpr Input kInputs[] = {\n";
  for (const Port &input : program.inputs) {
    int64_t elements = 1;
    for (int64_t dim : input.type.getShape().drop_front())
      elements *= dim;
    std::string name;
    llvm::raw_string_ostream(name).write_escaped(input.name);
    text += fmt::format("    {{\"{}\", \"{}\", {}}}, // {}\n", name,
                        infoOf(input.every).name.str(), elements,
                        showShape(input.type.getShape()));
  }
  text += "};\n\nstruct Function {\n  const char *name, *every;\n"
          "  long long arenaBytesPerRow;\n"
          "  long long rowFloats; // of the table that it fills\n};\n"
          "inline constexpr Function kFunctions[] = {\n";
  std::string cases;
  for (auto [i, function] : llvm::enumerate(program.functions)) {
    text += fmt::format("    {{\"{}\", \"{}\", {}, {}}},\n", function.name,
                        infoOf(function.rate).name.str(),
                        function.arenaBytesPerRow, function.rowFloats);
    cases += fmt::format("  case {}:\n    return {}(launch, at, rows);\n", i,
                         function.name);
  }
  return text +
         "};\n\ntemplate <class Launcher>\n"
         "void run(int function, const Launcher &launch, const Memory "
         "&at, long long rows) {\n  switch (function) {\n" +
         cases + "  }\n}\n";
}

std::string printWeights(const Program &program) {
  std::string text = "\nstruct Weight {\n  const char *name;\n"
                     "  long long floats;\n};\n"
                     "// As the launches number them.\n"
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
  std::string text = "\n#ifndef __CUDACC_RTC__ // the host's part\n"
                     "#include \"launches.h\"\n" +
                     printWeights(program);
  for (const Function &function : program.functions)
    text += printFunction(function, kernels);
  return text + printLists(program) + "\n#endif\n";
}

} // namespace dit::codegen::cuda
