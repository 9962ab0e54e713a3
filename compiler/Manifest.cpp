// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Program and spec -> runtime::Manifest. What can be counted on the program is
// counted there; the spec has a say in how the model is sampled alone.
#include "compiler/Manifest.h"

#include "compiler/CheckpointFacts.h"
#include "compiler/Cost.h"
#include "dialect/Interpreter.h"
#include "passes/Cost.h"
#include "runtime/Error.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/SHA256.h"

using namespace mlir;
using namespace dit;

namespace {

std::string sha256(StringRef text) {
  llvm::SHA256 hash;
  hash.update(text);
  return llvm::toHex(hash.final(), /*LowerCase=*/true);
}

runtime::DiffusionDefaults describeDiffusion(const Spec &spec) {
  const auto &d = spec.diffusion;
  runtime::DiffusionDefaults to;
  to.prediction = spelling(d.prediction);
  to.steps = d.steps;
  to.schedule = spelling(d.schedule);
  to.betaStart = d.betaStart;
  to.betaEnd = d.betaEnd;
  to.zeroTerminalSnr = d.zeroTerminalSnr;
  to.sampler = spelling(d.sampler);
  to.sampleSteps = d.sampleSteps;
  to.eta = d.eta;
  to.variance = spelling(d.variance);
  to.clipX0 = d.clipX0;
  to.noiseAt = d.noiseAt;
  to.velocityToNoise = spelling(d.velocity) == "to_noise";
  to.timeScale = d.timeScale;
  to.shift = d.shift;
  return to;
}

runtime::GuidanceDefaults describeGuidance(const Spec &spec) {
  runtime::GuidanceDefaults to;
  to.scale = spec.guidance.scale;
  to.formula = spelling(spec.guidance.formula);
  if (!spec.guidesAllChannels())
    to.channels = spec.guidance.channels.value;
  return to;
}

runtime::KernelEntry describeLaunch(const codegen::Program &program,
                                    const codegen::Launch &launch) {
  FusedOp op = launch.op;
  runtime::KernelEntry entry;
  entry.name = program.kernels[launch.kernel].name;
  entry.kind = stringifyKernelKind(op.getKind());
  entry.what = codegen::describe(op);
  Cost cost = costOf(op, /*batch=*/1);
  entry.macs = cost.macs;
  entry.bytes = cost.bytesRead + cost.bytesWritten;
  return entry;
}

runtime::PortEntry describePort(const codegen::Port &port) {
  ArrayRef<int64_t> shape = port.type.getShape().drop_front();
  return {port.name,
          infoOf(port.every).name.str(),
          port.type.getElementType().isInteger(32) ? "i32" : "f32",
          {shape.begin(), shape.end()}};
}

/// What the spec says of inputs and the IR does not: what guidance tells in
/// their place, which may be a tensor that is the last of the weights then.
void describeNullValues(const Spec &spec, runtime::Manifest &m) {
  const YamlNode *inputs = spec.network ? spec.network->at("inputs") : nullptr;
  if (!inputs)
    return;
  for (const YamlEntry &entry : inputs->entries)
    for (runtime::PortEntry &port : m.inputs)
      if (const YamlNode *null = entry.value.at("null_value");
          null && port.name == entry.key) {
        port.nullValue = null->text;
        bool isWeight = llvm::any_of(m.weights, [&](const auto &weight) {
          return weight.name == port.nullValue;
        });
        if (port.nullValue != "zeros" && !isWeight)
          m.weights.push_back({port.nullValue, port.shape});
      }
}

/// Rows of the smallest table that the input called `name` picks from; 0 where
/// it picks none.
int64_t choicesOf(ModuleOp planned, StringRef name) {
  int64_t choices = 0;
  planned.walk([&](EmbeddingOp embedding) {
    auto index = dyn_cast<BlockArgument>(embedding.getIndex());
    auto fused = embedding->getParentOfType<FusedOp>();
    if (!index || !fused)
      return;
    auto argument =
        dyn_cast<BlockArgument>(fused.getInputs()[index.getArgNumber()]);
    auto function = embedding->getParentOfType<func::FuncOp>();
    if (!argument || argument.getOwner()->getParentOp() != function ||
        nameOfArgument(function, argument.getArgNumber()) != name)
      return;
    int64_t rows = embedding.getTable().getType().getDimSize(0);
    choices = choices == 0 ? rows : std::min(choices, rows);
  });
  return choices;
}

runtime::FunctionEntry describeFunction(const codegen::Program &program,
                                        const codegen::Function &function) {
  runtime::FunctionEntry entry;
  entry.name = function.name;
  entry.every = infoOf(function.rate).name.str();
  entry.readsWeights = function.readsWeights;
  for (size_t input : function.inputs)
    entry.inputs.push_back(program.inputs[input].name);
  for (size_t table : function.tables)
    entry.tables.push_back(program.functions[table].name);
  entry.arenaPerRow = function.arenaBytesPerRow;
  entry.rowFloats = function.rowFloats;
  for (const codegen::Launch &launch : function.launches)
    entry.kernels.push_back(describeLaunch(program, launch));
  return entry;
}

} // namespace

runtime::Manifest dit::describeModel(const CompiledModel &model,
                                     const codegen::Program &program,
                                     int64_t scratchBytes) {
  const Spec &spec = model.spec;
  runtime::Manifest m;
  m.compiler = kCompilerVersion;
  m.name = spec.name;
  m.spec = spec.text;
  m.specSha256 = sha256(spec.text);
  m.passes = model.passes;
  m.space = spelling(spec.space);
  for (const codegen::Port &input : program.inputs)
    m.inputs.push_back(describePort(input));
  for (runtime::PortEntry &input : m.inputs)
    input.choices = choicesOf(model.planned, input.name);
  for (const codegen::Port &output : program.outputs)
    m.outputs.push_back(describePort(output));
  m.classes = spec.classes;
  m.labelDropout = spec.labelDropout > 0;
  m.learnSigma = spec.learnSigma;
  m.tokens = spec.tokens();
  m.diffusion = describeDiffusion(spec);
  m.guidance = describeGuidance(spec);
  m.memory = {program.sharedBytes, program.preparedBytes, scratchBytes};
  for (const codegen::Weight &weight : program.weights) {
    m.weights.push_back(
        {weight.name, {weight.shape.begin(), weight.shape.end()}});
    m.parameters += m.weights.back().elements();
  }
  describeNullValues(spec, m);
  m.ignoredWeights = {spec.computedWeights.begin(), spec.computedWeights.end()};
  m.layouts = spec.layouts;
  describeCheckpoint(spec, m);
  for (const codegen::Function &function : program.functions) {
    m.functions.push_back(describeFunction(program, function));
    if (function.rate != Rate::Load)
      for (const runtime::KernelEntry &kernel : m.functions.back().kernels)
        m.macs += kernel.macs;
  }
  return m;
}

FailureOr<std::string> dit::writeManifest(const CompiledModel &model,
                                          const runtime::Manifest &manifest) {
  try {
    return runtime::writeManifest(manifest);
  } catch (const runtime::Error &error) {
    return model.planned->emitError("cannot be an artifact: ") << error.what();
  }
}
