// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How near the compiled matmuls and attentions of the paper's models come to
// the machine's multiply-add peak, measured in the same run, in turns with
// them.
//   cpu_kernels [--arch=NAME] [--threads=N] [--rounds=N] [--only=SUBSTRING]
#include "codegen/cpu/Compile.h"
#include "mlir/Parser/Parser.h"
#include "runtime/Abi.h"
#include "runtime/cpu/FmaPeak.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/FormatVariadic.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <dlfcn.h>
#include <memory>
#include <random>
#include <unistd.h>

using namespace dit;

namespace {

/// Seconds. On one thread those that it ran: another process then costs only
/// what it takes from the caches.
double now(bool ofThread) {
  timespec time;
  clock_gettime(ofThread ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) +
         1e-9 * static_cast<double>(time.tv_nsec);
}

//===----------------------------------------------------------------------===//
// One kernel as an artifact of its own
//===----------------------------------------------------------------------===//

struct Memory {
  explicit Memory(size_t floats) : floats(floats) {
    size_t bytes = (floats * 4 + 4095) / 4096 * 4096 + 4096;
    data = static_cast<float *>(std::aligned_alloc(4096, bytes));
    std::minstd_rand random(floats);
    for (size_t i = 0; i < bytes / 4; ++i)
      data[i] = static_cast<float>(random()) / 2147483648.f - 0.5f;
  }
  Memory(Memory &&other) : data(other.data), floats(other.floats) {
    other.data = nullptr;
  }
  ~Memory() { std::free(data); }
  float *data;
  size_t floats;
};

struct Case {
  std::string name;
  std::string module;
  int64_t rows;
  double flop;
  size_t inputFloats, outputFloats;
};

class Artifact {
public:
  Artifact(mlir::MLIRContext &context, const codegen::cpu::Arch &arch,
           const Case &c, int threads)
      : rows(c.rows), input(c.inputFloats), output(c.outputFloats),
        pool(threads) {
    auto module = mlir::parseSourceString<mlir::ModuleOp>(c.module, &context);
    // dlopen takes two files of one name for one library.
    static int number = 0;
    std::string path =
        llvm::formatv("/tmp/cpu_kernels.{0}.{1}.so", getpid(), number++);
    int64_t scratchBytes = 0, preparedBytes = 0;
    auto manifest = [&](const codegen::cpu::Report &report) {
      scratchBytes = report.scratchBytes;
      preparedBytes = report.program.preparedBytes;
      return mlir::FailureOr<std::string>(std::string("{}"));
    };
    if (!module || failed(codegen::cpu::compile(*module, arch, manifest, path)))
      std::exit(1);
    void *library = dlopen(path.c_str(), RTLD_NOW);
    if (!library) {
      std::fprintf(stderr, "%s\n", dlerror());
      std::exit(1);
    }
    std::remove(path.c_str());
    artifact = reinterpret_cast<DitEntry>(dlsym(library, DIT_ENTRY_NAME))();
    // Any values will do for the weights: prepare() is not asked to pack them.
    prepared = std::make_unique<Memory>(preparedBytes / 4);
    for (int i = 0; i < threads; ++i)
      scratch.push_back(std::make_unique<Memory>(scratchBytes / 4));
    host.context = this;
    host.launch = [](void *context, const DitLaunch *launch) {
      auto &self = *static_cast<Artifact *>(context);
      self.pool.run(launch->units, [&](int worker, int64_t begin, int64_t end) {
        launch->task(launch->operands, launch->rows, begin, end,
                     self.scratch[worker]->data);
      });
    };
  }

  void run() {
    const void *inputs[] = {input.data};
    void *outputs[] = {output.data};
    DitCall call{&host,  rows,    prepared->data, nullptr,
                 inputs, nullptr, outputs};
    artifact->functions[artifact->function_count - 1](&call);
  }
  dit::runtime::ThreadPool &threads() { return pool; }

private:
  int64_t rows;
  Memory input, output;
  std::unique_ptr<Memory> prepared;
  std::vector<std::unique_ptr<Memory>> scratch;
  dit::runtime::ThreadPool pool;
  const DitArtifact *artifact;
  DitHost host = {};
};

//===----------------------------------------------------------------------===//
// The cases
//===----------------------------------------------------------------------===//

constexpr const char *kLinear = R"(
module attributes {dit.phase = "planned", dit.name = "bench", dit.spec = ""} {
  func.func @prepare() -> (tensor<{P}x{K}x{L}xf32> {dit.name = "w"}, tensor<{M}xf32> {dit.name = "b"}) attributes {dit.arena_bytes = {PREPARED} : i64} {
    %w = dit.weight "w" : tensor<{M}x{K}xf32>
    %b = dit.weight "b" : tensor<{M}xf32>
    %p = dit.fused pack (%a = %w) : (tensor<{M}x{K}xf32>) -> tensor<{P}x{K}x{L}xf32> {
      %0 = dit.pack %a layout<panel = {L}> : tensor<{M}x{K}xf32> -> tensor<{P}x{K}x{L}xf32>
      dit.yield %0 : tensor<{P}x{K}x{L}xf32>
    } {offsets = array<i64: 0>}
    %q = dit.fused pack (%a = %b) : (tensor<{M}xf32>) -> tensor<{M}xf32> {
      %0 = dit.pack %a : tensor<{M}xf32> -> tensor<{M}xf32>
      dit.yield %0 : tensor<{M}xf32>
    } {offsets = array<i64: {BIAS}>}
    return %p, %q : tensor<{P}x{K}x{L}xf32>, tensor<{M}xf32>
  }
  func.func @condition(%t: tensor<?xf32> {dit.name = "t", dit.from = "input"}, %y: tensor<?xi32> {dit.name = "y", dit.from = "input"}) attributes {dit.arena_bytes = 0 : i64, dit.row_floats = 0 : i64} {
    return
  }
  func.func @denoise(%x: tensor<?x{X}xf32> {dit.name = "x", dit.from = "input"}, %w: tensor<{P}x{K}x{L}xf32> {dit.name = "w", dit.from = "prepare"}, %b: tensor<{M}xf32> {dit.name = "b", dit.from = "prepare"}) -> (tensor<?x{Y}xf32> {dit.name = "out"}) attributes {dit.arena_bytes = 0 : i64} {
    %r = dit.fused linear (%a = %x, %pw = %w, %pb = %b) : (tensor<?x{X}xf32>, tensor<{P}x{K}x{L}xf32>, tensor<{M}xf32>) -> tensor<?x{Y}xf32> {
      %0 = dit.linear %a weight(%pw) bias(%pb) matmul<multiply = f32, layout = <panel = {L}>> : (tensor<?x{X}xf32>, tensor<{P}x{K}x{L}xf32>, tensor<{M}xf32>) -> tensor<?x{Y}xf32>
      {GELU}
      dit.yield %{R} : tensor<?x{Y}xf32>
    } {offsets = array<i64: -1>}
    return %r : tensor<?x{Y}xf32>
  }
})";

constexpr const char *kAttention = R"(
module attributes {dit.phase = "planned", dit.name = "bench", dit.spec = ""} {
  func.func @prepare() attributes {dit.arena_bytes = 0 : i64} {
    return
  }
  func.func @condition(%t: tensor<?xf32> {dit.name = "t", dit.from = "input"}, %y: tensor<?xi32> {dit.name = "y", dit.from = "input"}) attributes {dit.arena_bytes = 0 : i64, dit.row_floats = 0 : i64} {
    return
  }
  func.func @denoise(%x: tensor<?x{T}x{D3}xf32> {dit.name = "x", dit.from = "input"}) -> (tensor<?x{T}x{D}xf32> {dit.name = "out"}) attributes {dit.arena_bytes = 0 : i64} {
    %q = dit.slice %x dim 2 offset 0 : tensor<?x{T}x{D3}xf32> -> tensor<?x{T}x{D}xf32>
    %k = dit.slice %x dim 2 offset {D} : tensor<?x{T}x{D3}xf32> -> tensor<?x{T}x{D}xf32>
    %v = dit.slice %x dim 2 offset {D2} : tensor<?x{T}x{D3}xf32> -> tensor<?x{T}x{D}xf32>
    %r = dit.fused attention (%a = %q, %b = %k, %c = %v) : (tensor<?x{T}x{D}xf32>, tensor<?x{T}x{D}xf32>, tensor<?x{T}x{D}xf32>) -> tensor<?x{T}x{D}xf32> {
      %0 = dit.attention %a, %b, %c heads {H} : tensor<?x{T}x{D}xf32>, tensor<?x{T}x{D}xf32> -> tensor<?x{T}x{D}xf32>
      dit.yield %0 : tensor<?x{T}x{D}xf32>
    } {offsets = array<i64: -1>}
    return %r : tensor<?x{T}x{D}xf32>
  }
})";

using Words = std::vector<std::pair<std::string, std::string>>;

std::string fill(std::string text, const Words &words) {
  for (const auto &[key, value] : words)
    for (size_t at; (at = text.find("{" + key + "}")) != std::string::npos;)
      text.replace(at, key.size() + 2, value);
  return text;
}

/// `samples` times `tokens` rows (no token dimension where tokens is 0).
Case linear(std::string name, int64_t panel, int64_t samples, int64_t tokens,
            int64_t k, int64_t m, bool gelu = false) {
  int64_t panels = (m + panel - 1) / panel, weights = panels * k * panel;
  auto str = [](int64_t x) { return std::to_string(x); };
  std::string lead = tokens ? str(tokens) + "x" : "", y = lead + str(m);
  int64_t bias = (weights * 4 + 63) / 64 * 64;
  Words words = {
      {"P", str(panels)},
      {"K", str(k)},
      {"L", str(panel)},
      {"M", str(m)},
      {"X", lead + str(k)},
      {"Y", y},
      {"BIAS", str(bias)},
      {"PREPARED", str(bias + m * 4)},
      {"R", gelu ? "1" : "0"},
      {"GELU", gelu ? "%1 = dit.gelu tanh %0 : tensor<?x" + y + "xf32>" : ""}};
  int64_t rows = samples * std::max<int64_t>(tokens, 1);
  return {name,
          fill(kLinear, words),
          samples,
          2.0 * rows * k * m,
          static_cast<size_t>(rows * k),
          static_cast<size_t>(rows * m)};
}

Case attention(std::string name, int64_t samples, int64_t tokens, int64_t heads,
               int64_t headDim) {
  int64_t width = heads * headDim;
  auto str = [](int64_t x) { return std::to_string(x); };
  Words words = {{"T", str(tokens)},
                 {"D", str(width)},
                 {"D2", str(2 * width)},
                 {"D3", str(3 * width)},
                 {"H", str(heads)}};
  return {name,
          fill(kAttention, words),
          samples,
          4.0 * samples * tokens * tokens * width,
          static_cast<size_t>(samples * tokens * 3 * width),
          static_cast<size_t>(samples * tokens * width)};
}

std::vector<Case> paperCases(int64_t panel) {
  std::vector<Case> cases;
  struct Model {
    const char *name;
    int64_t width, heads;
  };
  for (auto [name, d, heads] :
       {Model{"S/2", 384, 6}, Model{"B/2", 768, 12}, Model{"L/2", 1024, 16},
        Model{"XL/2", 1152, 16}}) {
    std::string model = name;
    cases.push_back(linear(model + " patch", panel, 1, 256, 16, d));
    cases.push_back(linear(model + " qkv", panel, 1, 256, d, 3 * d));
    cases.push_back(linear(model + " proj", panel, 1, 256, d, d));
    cases.push_back(linear(model + " fc1+gelu", panel, 1, 256, d, 4 * d, true));
    cases.push_back(linear(model + " fc2", panel, 1, 256, 4 * d, d));
    cases.push_back(linear(model + " final", panel, 1, 256, d, 32));
    cases.push_back(attention(model + " attention", 1, 256, heads, d / heads));
  }
  cases.push_back(linear("S/8 fc1+gelu", panel, 1, 16, 384, 1536, true));
  cases.push_back(
      linear("S/2 fc1+gelu 258 tokens x 2", panel, 2, 258, 384, 1536, true));
  cases.push_back(attention("XL/2 512 attention", 1, 1024, 16, 72));
  cases.push_back(attention("XL/2 1024 attention, 4 heads", 1, 4096, 4, 72));
  cases.push_back(attention("4096 tokens attention", 1, 4096, 2, 64));
  for (int64_t n : {1, 2, 3, 8})
    cases.push_back(linear("S/2 adaln, rows " + std::to_string(n), panel, n, 0,
                           384, 384 * 6 * 12));
  return cases;
}

} // namespace

int main(int argc, char **argv) {
  std::string archName = "native", only;
  int threads = 1, rounds = 25;
  for (int i = 1; i < argc; ++i) {
    llvm::StringRef arg = argv[i];
    if (arg.consume_front("--arch="))
      archName = arg.str();
    else if (arg.consume_front("--threads="))
      arg.getAsInteger(10, threads);
    else if (arg.consume_front("--rounds="))
      arg.getAsInteger(10, rounds);
    else if (arg.consume_front("--only="))
      only = arg.str();
  }
  auto arch = codegen::cpu::findArch(archName);
  if (!arch) {
    llvm::errs() << llvm::toString(arch.takeError()) << '\n';
    return 2;
  }
  mlir::MLIRContext context;
  context.loadDialect<DiTDialect, mlir::func::FuncDialect>();
  std::printf("%s, %d threads\n%-30s %10s %9s %8s %9s\n", arch->name.c_str(),
              threads, "kernel", "us", "GFLOP/s", "% peak", "peak");
  for (const Case &c : paperCases(arch->machine.panel)) {
    if (c.name.find(only) == std::string::npos)
      continue;
    Artifact artifact(context, *arch, c, threads);
    double begin = now(threads == 1);
    artifact.run();
    int repeats =
        std::max(1, static_cast<int>(0.001 / (now(threads == 1) - begin)));
    // The best of many short turns: on a machine that others use, an average
    // tells about them.
    double time = INFINITY, peak = 0;
    for (int round = 0; round < rounds; ++round) {
      peak = std::max(peak, runtime::measureFmaPeak(artifact.threads(), 0.001));
      begin = now(threads == 1);
      for (int i = 0; i < repeats; ++i)
        artifact.run();
      time = std::min(time, (now(threads == 1) - begin) / repeats);
    }
    double speed = c.flop / time * 1e-9;
    std::printf("%-30s %10.1f %9.1f %8.1f %9.1f\n", c.name.c_str(), time * 1e6,
                speed, 100 * speed / peak, peak);
    std::fflush(stdout);
  }
}
