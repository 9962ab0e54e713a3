// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compiles and runs one spec for CompiledModel.h.
#include "CompiledModel.h"

#include "codegen/host/Compile.h"
#include "compiler/Driver.h"
#include "compiler/Importer.h"
#include "dialect/DiTDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "passes/Passes.h"
#include "runtime/SeededWeights.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"

#include <cmath>
#include <numeric>
#include <stdexcept>

using namespace mlir;

namespace dit::test {

namespace {

constexpr uint64_t kWeightSeed = 7;

[[noreturn]] void fail(const std::string &what) {
  throw std::runtime_error(what);
}

template <typename T> T take(llvm::Expected<T> value) {
  if (!value)
    fail(llvm::toString(value.takeError()));
  return std::move(*value);
}

std::vector<float> seeded(llvm::StringRef name, llvm::ArrayRef<int64_t> shape) {
  int64_t size = std::accumulate(shape.begin(), shape.end(), int64_t(1),
                                 std::multiplies<>());
  std::vector<float> values(size);
  runtime::fillSeeded(name.str(), {shape.data(), shape.size()}, kWeightSeed,
                      values);
  return values;
}

/// The seeded weights for an artifact, one of them scaled where asked.
class SeededSource : public runtime::WeightSource {
public:
  SeededSource(const runtime::Manifest &manifest,
               std::optional<CompiledModel::Scaled> scaled) {
    for (const auto &weight : manifest.weights) {
      tensors.push_back(seeded(weight.name, weight.shape));
      if (scaled && scaled->weight == weight.name)
        for (float &value : tensors.back())
          value *= scaled->factor;
    }
  }
  const float *read(int32_t index) noexcept override {
    return tensors[index].data();
  }
  void release(int32_t index) noexcept override {}

private:
  std::vector<std::vector<float>> tensors;
};

std::string textOf(const std::string &spec) {
  if (!llvm::StringRef(spec).ends_with(".yaml"))
    return spec;
  auto buffer = llvm::MemoryBuffer::getFile(spec);
  if (!buffer)
    fail("cannot read " + spec);
  return (*buffer)->getBuffer().str();
}

} // namespace

CompiledModel::CompiledModel(const std::string &specOrPath,
                             TargetOptions options,
                             std::vector<std::string> beforeStaging,
                             std::string behindPhases) {
  static const bool registered = (registerDiTPasses(), true);
  (void)registered;
  context.loadDialect<DiTDialect, func::FuncDialect>();
  std::string diagnostics;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    diagnostics += diagnostic.str() + "\n";
    return success();
  });
  bool isPath = llvm::StringRef(specOrPath).ends_with(".yaml");
  auto spec = parseSpec(&context, textOf(specOrPath),
                        isPath ? specOrPath : "spec.yaml");
  if (failed(spec))
    fail(diagnostics);
  parsed = std::make_unique<Spec>(std::move(*spec));
  imported = importSpec(&context, *parsed);
  if (!imported)
    fail(diagnostics);

  auto target = take(makeTarget(options));
  OwningOpRef<ModuleOp> module = imported->clone();
  std::vector<std::string> ran;
  for (Phase phase : {Phase::Staged, Phase::Fused, Phase::Planned}) {
    std::string pipeline = *target->pipelines().find(infoOf(phase).name);
    if (phase == Phase::Staged)
      for (const std::string &flag : llvm::reverse(beforeStaging))
        pipeline = flag + "," + pipeline;
    if (phase != Phase::Staged && !behindPhases.empty())
      pipeline += "," + behindPhases;
    auto passes = runPasses(*module, pipeline);
    if (!passes)
      fail(llvm::toString(passes.takeError()) + diagnostics);
    llvm::append_range(ran, *passes);
    (*module)->setAttr(kPhaseAttr,
                       StringAttr::get(&context, infoOf(phase).name));
    if (failed(infoOf(phase).contract(*module)))
      fail(diagnostics);
  }
  planned = module->clone();
  llvm::SmallString<128> unique;
  if (llvm::sys::fs::createTemporaryFile("ditc-test", "so", unique))
    fail("cannot make a temporary file");
  file = unique.str();
  auto code = target->makeCode({*module, *parsed, ran});
  if (failed(code))
    fail(diagnostics);
  auto object = (*code)->object();
  if (!object)
    fail(llvm::toString(object.takeError()) + diagnostics);
  if (llvm::Error error = codegen::host::linkSharedObject(*object, file))
    fail(llvm::toString(std::move(error)));
  artifact = std::make_shared<runtime::Artifact>(file);
}

CompiledModel::~CompiledModel() { llvm::sys::fs::remove(file); }

Inputs CompiledModel::inputs(int64_t rows, uint64_t seed) const {
  const Spec &s = *parsed;
  Inputs in;
  in.x.resize(rows * s.latent.channels * s.latent.height * s.latent.width);
  runtime::fillUniform("x", seed, in.x);
  in.t.resize(rows);
  runtime::fillUniform("t", seed, in.t);
  for (int64_t n = 0; n < rows; ++n) {
    in.t[n] = std::floor((in.t[n] + 1) * 499.5f);
    in.y.push_back((n * 7 + seed) % s.labelRows());
  }
  return in;
}

std::vector<float> CompiledModel::run(const Inputs &in, int threads,
                                      std::optional<Scaled> scaled) const {
  SeededSource weights(manifest(), scaled);
  runtime::Denoiser denoiser(artifact, weights, threads);
  const Spec &s = *parsed;
  std::vector<float> out(in.t.size() * s.outChannels() * s.latent.height *
                             s.latent.width,
                         std::nanf(""));
  denoiser.evaluate(in.x.data(), in.t, in.y, out.data());
  return out;
}

std::vector<double> CompiledModel::interpret(const Inputs &in) const {
  auto *module = const_cast<OwningOpRef<ModuleOp> *>(&imported);
  return interpretModule(module->get(), in);
}

std::vector<double> CompiledModel::interpretPlanned(const Inputs &in) const {
  auto *module = const_cast<OwningOpRef<ModuleOp> *>(&planned);
  return interpretModule(module->get(), in);
}

std::vector<double> CompiledModel::interpretModule(ModuleOp module,
                                                   const Inputs &in) const {
  const Spec &s = *parsed;
  int64_t rows = in.t.size();
  auto *self = const_cast<CompiledModel *>(this);
  Type f32 = Float32Type::get(&self->context),
       i32 = IntegerType::get(&self->context, 32);
  TensorMap inputs;
  inputs["x"] = Tensor(
      {rows, s.latent.channels, s.latent.height, s.latent.width}, f32, in.x);
  inputs["t"] = Tensor({rows}, f32, in.t);
  inputs["y"] = Tensor({rows}, i32);
  std::copy(in.y.begin(), in.y.end(), inputs["y"].values.begin());
  WeightSource weights = [&](llvm::StringRef name,
                             llvm::ArrayRef<int64_t> shape) {
    return llvm::Expected<Tensor>(Tensor(shape, f32, seeded(name, shape)));
  };
  return take(dit::interpret(module, weights, inputs)).at("out").values;
}

double relativeError(const std::vector<float> &got,
                     const std::vector<double> &want) {
  double error = 0, size = 0;
  if (got.size() != want.size())
    return std::nan("");
  for (size_t i = 0; i < want.size(); ++i) {
    error += (got[i] - want[i]) * (got[i] - want[i]);
    size += want[i] * want[i];
  }
  return std::sqrt(error / size);
}

std::vector<double> widened(const std::vector<float> &values) {
  return {values.begin(), values.end()};
}

} // namespace dit::test
