// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compiling, loading and running for CompiledModule.h: a DitHost without
// threads.
#include "CompiledModule.h"
#include "FencedBuffer.h"

#include "codegen/host/EntryPoints.h"
#include "dialect/Interpreter.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "passes/Passes.h"
#include "llvm/Support/FileSystem.h"
#include <cmath>
#include <dlfcn.h>
#include <numeric>

using namespace mlir;

namespace dit::test {

namespace {

[[noreturn]] void fail(const std::string &what) {
  throw std::runtime_error(what);
}

/// splitmix64: the same numbers everywhere.
class Uniform {
public:
  explicit Uniform(uint64_t seed) : state(seed) {}
  uint64_t bits() {
    uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  float value() { return (int64_t)(bits() >> 40) * 0x1p-23f - 1; }

private:
  uint64_t state;
};

std::vector<float> weightValues(StringRef name, ArrayRef<int64_t> shape) {
  uint64_t seed = 5;
  for (char c : name)
    seed = seed * 31 + c;
  Uniform uniform(seed);
  std::vector<float> values(std::accumulate(shape.begin(), shape.end(),
                                            int64_t(1), std::multiplies<>()));
  for (float &value : values)
    value = uniform.value();
  return values;
}

int64_t sizeOfSample(Type type) {
  int64_t size = 1;
  for (int64_t dim : cast<RankedTensorType>(type).getShape())
    size *= ShapedType::isDynamic(dim) ? 1 : dim;
  return size;
}

int64_t aligned(int64_t bytes) {
  return std::max<int64_t>(64, llvm::alignTo(bytes, 64));
}

/// Runs launches one after the other on this thread, and gives weights away.
class Host {
public:
  Host(const codegen::Program &program, int64_t scratchBytes, int64_t pieces)
      : scratchBytes(scratchBytes), pieces(pieces) {
    for (const auto &weight : program.weights)
      weights.push_back(
          FencedBuffer::of(weightValues(weight.name, weight.shape)));
  }
  DitHost services() {
    return {this,
            launch,
            weight,
            [](void *, int32_t) {},
            [](double x) { return std::sin(x); },
            [](double x) { return std::cos(x); }};
  }

private:
  static void launch(void *context, const DitLaunch *launch) {
    auto *self = static_cast<Host *>(context);
    const int64_t units = launch->units;
    const int64_t pieces = std::min(self->pieces, units);
    for (int64_t piece = pieces - 1; piece >= 0; --piece) {
      FencedBuffer scratch(aligned(self->scratchBytes));
      launch->task(launch->operands, launch->rows, units * piece / pieces,
                   units * (piece + 1) / pieces, scratch.data());
    }
  }
  static const float *weight(void *context, int32_t index) {
    return static_cast<Host *>(context)->weights[index].floats().data();
  }

  int64_t scratchBytes, pieces;
  std::vector<FencedBuffer> weights;
};

void check(DitStatus status) {
  if (status.code)
    fail(status.message);
}

} // namespace

Inputs::Inputs(int64_t rows, int64_t floatsPerRow, int64_t labels,
               uint64_t seed)
    : rows(rows) {
  Uniform uniform(seed);
  for (int64_t i = 0; i < rows * floatsPerRow; ++i)
    x.push_back(uniform.value());
  for (int64_t n = 0; n < rows; ++n) {
    t.push_back(uniform.bits() % 1000);
    y.push_back(uniform.bits() % labels);
  }
}

CompiledModule::CompiledModule(const std::string &text,
                               const std::string &archName,
                               const std::string &fuse) {
  context.loadDialect<DiTDialect, func::FuncDialect>();
  std::string diagnostics;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
      diagnostics += diagnostic.str() + "\n";
    return success();
  });
  auto arch = codegen::cpu::findArch(archName);
  if (!arch)
    fail(llvm::toString(arch.takeError()));
  planned = parseSourceString<ModuleOp>(text, &context);
  if (!planned)
    fail(diagnostics + text);
  if ((*planned)->getAttrOfType<StringAttr>(kPhaseAttr) == "dit") {
    static const bool registered = (registerPasses(), true);
    (void)registered;
    PassManager manager(&context);
    std::string pipeline = "dit-to-planned{fuse=" + fuse +
                           " panel=" + std::to_string(arch->machine.panel) +
                           "}";
    if (failed(parsePassPipeline(pipeline, manager)) ||
        failed(manager.run(*planned)))
      fail(diagnostics + text);
    (*planned)->setAttr(kPhaseAttr, StringAttr::get(&context, "planned"));
  }

  SmallString<128> unique;
  if (llvm::sys::fs::createTemporaryFile("ditc-codegen", "so", unique))
    fail("cannot make a temporary file");
  path = unique.str();
  auto manifest = [&](const codegen::cpu::Report &made) {
    report = made;
    return mlir::FailureOr<std::string>(std::string("{}"));
  };
  if (failed(codegen::cpu::compile(*planned, *arch, manifest, path)))
    fail(diagnostics + this->text());
  library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library)
    fail(dlerror());
  artifact = reinterpret_cast<DitEntry>(dlsym(library, DIT_ENTRY_NAME))();
}

CompiledModule::~CompiledModule() {
  if (library)
    dlclose(library);
  llvm::sys::fs::remove(path);
}

func::FuncOp CompiledModule::denoise() const {
  return planned->lookupSymbol<func::FuncOp>("denoise");
}

int64_t CompiledModule::xFloats() const {
  return sizeOfSample(denoise().getArgumentTypes()[0]);
}

int64_t CompiledModule::outFloats() const {
  return sizeOfSample(denoise().getResultTypes()[0]);
}

std::string CompiledModule::text() const {
  std::string text;
  llvm::raw_string_ostream os(text);
  planned->print(os);
  return text;
}

std::vector<float> CompiledModule::run(const Inputs &in, int64_t pieces) const {
  const codegen::Program &program = report.program;
  Host host(program, report.scratchBytes, pieces);
  DitHost services = host.services();
  FencedBuffer prepared(aligned(program.preparedBytes)),
      out(in.rows * outFloats() * 4);
  // Tables have the last sample's row first.
  std::vector<float> t(in.t.rbegin(), in.t.rend());
  std::vector<int32_t> y(in.y.rbegin(), in.y.rend()), rowIndex(in.rows);
  for (int64_t n = 0; n < in.rows; ++n)
    rowIndex[n] = in.rows - 1 - n;
  auto tBuffer = FencedBuffer::of(t), yBuffer = FencedBuffer::of(y),
       x = FencedBuffer::of(in.x), index = FencedBuffer::of(rowIndex);
  std::vector<FencedBuffer> tables;
  for (auto [i, function] : llvm::enumerate(program.functions)) {
    FencedBuffer arena(aligned(in.rows * function.arenaBytesPerRow));
    tables.emplace_back(aligned(in.rows * function.rowFloats * 4));
    std::vector<const void *> inputs;
    for (size_t input : function.inputs) {
      const std::string &name = program.inputs[input].name;
      inputs.push_back(name == "x"   ? x.data()
                       : name == "t" ? tBuffer.data()
                                     : yBuffer.data());
    }
    std::vector<DitTable> read;
    for (size_t maker : function.tables)
      read.push_back({(float *)tables[maker].data(), (int32_t *)index.data()});
    void *outputs[] = {function.rowFloats ? tables.back().data() : out.data()};
    DitCall call{&services,     in.rows,     prepared.data(), arena.data(),
                 inputs.data(), read.data(), outputs};
    check(artifact->functions[i](&call));
  }
  auto floats = out.floats();
  return {floats.begin(), floats.end()};
}

std::vector<double> CompiledModule::interpret(const Inputs &in) const {
  ModuleOp module = *planned;
  Builder builder(module.getContext());
  Type f32 = builder.getF32Type(), i32 = builder.getI32Type();
  auto xType = cast<RankedTensorType>(denoise().getArgumentTypes()[0]);
  SmallVector<int64_t> shape(xType.getShape());
  shape[0] = in.rows;
  TensorMap inputs;
  inputs["x"] = Tensor(shape, f32, in.x);
  inputs["t"] = Tensor({in.rows}, f32, in.t);
  inputs["y"] = Tensor({in.rows}, i32);
  std::copy(in.y.begin(), in.y.end(), inputs["y"].values.begin());
  WeightSource weights = [&](StringRef name, ArrayRef<int64_t> shape) {
    return llvm::Expected<Tensor>(
        Tensor(shape, f32, weightValues(name, shape)));
  };
  InterpreterOptions options;
  options.useArena = true;
  auto results = dit::interpret(module, weights, inputs, options);
  if (!results)
    fail(llvm::toString(results.takeError()) + "\n" + text());
  return results->begin()->second.values;
}

bool canRun(const std::string &arch) {
  auto native = codegen::cpu::findArch("native");
  auto wanted = codegen::cpu::findArch(arch);
  bool can = native && wanted && wanted->machine.lanes <= native->machine.lanes;
  consumeError(native.takeError());
  consumeError(wanted.takeError());
  return can;
}

double relativeError(const std::vector<float> &got,
                     const std::vector<double> &want) {
  if (got.size() != want.size())
    return std::nan("");
  constexpr double kSmallest = 0.1;
  double error = 0, size = 0;
  for (size_t i = 0; i < want.size(); ++i) {
    error += (got[i] - want[i]) * (got[i] - want[i]);
    size += want[i] * want[i];
  }
  return std::sqrt(error / std::max(size, kSmallest * kSmallest * want.size()));
}

} // namespace dit::test
