// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What fusing rows buys: bodies of row kernels as one region, and as a kernel
// an op, in turns, on one thread. Bytes are those that the fused kernel must
// move.
//   cpu_rows [--arch=NAME] [--only=SUBSTRING] [--keep=PATH of the last fused
//   artifact]
#include "codegen/cpu/Compile.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "passes/Passes.h"
#include "runtime/Abi.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/FormatVariadic.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <dlfcn.h>
#include <random>
#include <unistd.h>

using namespace dit;

namespace {

/// Seconds that this thread ran.
double now() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return time.tv_sec + 1e-9 * time.tv_nsec;
}

struct Body {
  const char *name;
  int streams; ///< rows read and written a token, each once
  int slices;  ///< of x that it reads: %a, %b
  const char *ops, *result;
};

// {X} is the type of rows, {C} of a condition: %g, %s, %h.
constexpr Body kBodies[] = {
    {"layer_norm modulate", 2, 1,
     "%0 = dit.layer_norm %a eps 1.0e-06 : {X}\n"
     "%1 = dit.modulate %0 shift(%h) scale(%s) : {X}, {C}\n",
     "%1"},
    {"gate add layer_norm modulate", 4, 2,
     "%0 = dit.gate %b gate(%g) : {X}, {C}\n"
     "%1 = dit.add %a, %0 : {X}, {X}\n"
     "%2 = dit.layer_norm %1 eps 1.0e-06 : {X}\n"
     "%3 = dit.modulate %2 shift(%h) scale(%s) : {X}, {C}\n",
     "%3"},
    {"gelu", 2, 1, "%0 = dit.gelu tanh %a : {X}\n", "%0"},
    {"silu", 2, 1, "%0 = dit.silu %a : {X}\n", "%0"},
    {"rms_norm", 2, 1, "%0 = dit.rms_norm %a eps 1.0e-06 : {X}\n", "%0"},
};

std::string moduleText(const Body &body, bool fused, int64_t tokens,
                       int64_t width) {
  std::string x = llvm::formatv("tensor<?x{0}x{1}xf32>", tokens, width);
  std::string whole =
      llvm::formatv("tensor<?x{0}x{1}xf32>", tokens * body.slices, width);
  std::string c = llvm::formatv("tensor<?x{0}xf32>", width), ops = body.ops,
              text;
  for (auto [key, type] : {std::pair("{X}", x), std::pair("{C}", c)})
    for (size_t at; (at = ops.find(key)) != std::string::npos;)
      ops.replace(at, 3, type);
  text = llvm::formatv(
      "module attributes {{dit.phase = \"dit\", dit.name = \"bench\", dit.spec "
      "= \"\"} {{\n"
      "func.func @denoise(%x: {0} {{dit.name = \"x\", dit.from = \"input\"}, "
      "%t: tensor<?xf32> "
      "{{dit.name = \"t\", dit.from = \"input\"}, %y: tensor<?xi32> {{dit.name "
      "= \"y\", "
      "dit.from = \"input\"}) -> ({1} {{dit.name = \"out\"}) {{\n",
      whole, x);
  for (const char *name : {"g", "h", "s"})
    text +=
        llvm::formatv("%w{0} = dit.weight \"{0}\" : tensor<2x{1}xf32>\n%{0} = "
                      "dit.embedding %y table(%w{0}) : tensor<?xi32>, "
                      "tensor<2x{1}xf32> -> {2}\n",
                      name, width, c);
  for (int i = 0; i < body.slices; ++i)
    text += llvm::formatv("%{0} = dit.slice %x dim 1 offset {1} : {2} -> {3}\n",
                          std::string(1, 'a' + i), i * tokens, whole, x);
  if (!fused)
    return text + ops + "return " + body.result + " : " + x + "\n}\n}\n";
  std::string arguments, types;
  for (const char *name : {"a", "b", "g", "h", "s"}) {
    if (ops.find(std::string("%") + name) == std::string::npos)
      continue;
    arguments +=
        llvm::formatv("{0}%r{1} = %{1}", types.empty() ? "" : ", ", name);
    types += (types.empty() ? "" : ", ") + (name[0] < 'c' ? x : c);
    for (size_t at;
         (at = ops.find(std::string("%") + name)) != std::string::npos;)
      ops.replace(at, 1, "%r");
  }
  // The stream is a result as well where the body makes it.
  bool two = body.streams == 4;
  std::string results = two ? x + ", " + x : x;
  return text +
         llvm::formatv(
             "%k{0} = dit.fused row ({1}) : ({2}) -> ({3}) {{\n{4}dit.yield "
             "{5}{6} : {3}\n}\nreturn %k{7} : {8}\n}\n}\n",
             two ? ":2" : "", arguments, types, results, ops, two ? "%1, " : "",
             body.result, two ? "#1" : "", x)
             .str();
}

/// An artifact on one thread.
class Artifact {
public:
  Artifact(mlir::MLIRContext &context, const codegen::cpu::Arch &arch,
           const std::string &text, int64_t rows, const std::string &keep)
      : rows(rows) {
    auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    mlir::PassManager manager(&context);
    static int number = 0;
    std::string path =
        llvm::formatv("/tmp/cpu_rows.{0}.{1}.so", getpid(), number++);
    if (!keep.empty())
      path = keep;
    codegen::cpu::Report report;
    auto manifest = [&](const codegen::cpu::Report &made) {
      report = made;
      return mlir::FailureOr<std::string>(std::string("{}"));
    };
    if (!module ||
        failed(mlir::parsePassPipeline("dit-to-planned{fuse=none}", manager)) ||
        failed(manager.run(*module)) ||
        failed(codegen::cpu::compile(*module, arch, manifest, path)))
      std::exit(1);
    artifact = reinterpret_cast<DitEntry>(
        dlsym(dlopen(path.c_str(), RTLD_NOW), DIT_ENTRY_NAME))();
    if (keep.empty())
      std::remove(path.c_str());
    auto function = [&](const char *name) {
      return module->lookupSymbol<mlir::func::FuncOp>(name);
    };
    auto floats = [](mlir::Type type) {
      auto shape = mlir::cast<mlir::RankedTensorType>(type).getShape();
      return shape[1] * shape[2];
    };
    x = fill(rows * floats(function("denoise").getArgumentTypes()[0]));
    out = fill(rows * floats(function("denoise").getResultTypes()[0]));
    arena = fill(rows * report.program.network().arenaBytesPerRow / 4);
    for (const auto &function : report.program.functions)
      if (function.rowFloats > 0)
        tables.push_back({fill(rows * function.rowFloats), nullptr});
    scratch = fill(report.scratchBytes / 4);
    index.assign(rows, 0);
    for (DitTable &table : tables)
      table.row_index = index.data();
    host.context = this;
    host.launch = [](void *context, const DitLaunch *launch) {
      launch->task(launch->operands, launch->rows, 0, launch->units,
                   static_cast<Artifact *>(context)->scratch);
    };
  }
  void run() {
    const void *inputs[] = {x};
    void *outputs[] = {out};
    DitCall call{&host, rows, nullptr, arena, inputs, tables.data(), outputs};
    artifact->functions[artifact->function_count - 1](&call);
  }

private:
  static float *fill(int64_t floats) {
    int64_t bytes = (floats * 4 / 4096 + 1) * 4096;
    auto *data = static_cast<float *>(std::aligned_alloc(4096, bytes));
    std::minstd_rand random;
    for (int64_t i = 0; i < bytes / 4; ++i)
      data[i] = random() / 1073741824.f - 1;
    return data;
  }

  int64_t rows;
  float *x, *out, *arena, *scratch;
  std::vector<DitTable> tables;
  std::vector<int32_t> index;
  const DitArtifact *artifact;
  DitHost host = {};
};

double best(Artifact &artifact, double soFar) {
  double begin = now();
  artifact.run();
  return std::min(soFar, now() - begin);
}

} // namespace

int main(int argc, char **argv) {
  std::string archName = "native", only, keep;
  for (int i = 1; i < argc; ++i) {
    llvm::StringRef arg = argv[i];
    if (arg.consume_front("--arch="))
      archName = arg.str();
    else if (arg.consume_front("--only="))
      only = arg.str();
    else if (arg.consume_front("--keep="))
      keep = arg.str();
  }
  auto arch = codegen::cpu::findArch(archName);
  if (!arch) {
    llvm::errs() << llvm::toString(arch.takeError()) << '\n';
    return 2;
  }
  registerPasses();
  mlir::MLIRContext context;
  context.loadDialect<DiTDialect, mlir::func::FuncDialect>();
  std::printf("%s\n%-30s %6s %5s %10s %10s %7s %7s\n", arch->name.c_str(),
              "kernel", "width", "rows", "fused us", "alone us", "ratio",
              "GB/s");
  for (const Body &body : kBodies)
    for (int64_t width : {384, 1152})
      for (int64_t rows : {1, 16}) {
        if (std::string(body.name).find(only) == std::string::npos)
          continue;
        constexpr int64_t kTokens = 256;
        Artifact fused(context, *arch, moduleText(body, true, kTokens, width),
                       rows, keep);
        Artifact alone(context, *arch, moduleText(body, false, kTokens, width),
                       rows, "");
        double f = INFINITY, a = INFINITY;
        for (int round = 0; round < 60; ++round)
          f = best(fused, f), a = best(alone, a);
        double bytes = 4.0 * body.streams * rows * kTokens * width;
        std::printf("%-30s %6ld %5ld %10.1f %10.1f %7.2f %7.1f\n", body.name,
                    (long)width, (long)rows * kTokens, f * 1e6, a * 1e6, a / f,
                    bytes / f * 1e-9);
        std::fflush(stdout);
      }
}
