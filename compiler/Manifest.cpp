// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Spec and program -> JSON.
#include "compiler/Manifest.h"

#include "compiler/Cost.h"
#include "compiler/Importer.h"
#include "runtime/Abi.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/SHA256.h"

using namespace mlir;
using namespace dit;
namespace json = llvm::json;

namespace {

std::string sha256(StringRef text) {
  llvm::SHA256 hash;
  hash.update(text);
  return llvm::toHex(hash.final(), /*LowerCase=*/true);
}

json::Object describeDiffusion(const Spec &spec) {
  const auto &d = spec.diffusion;
  return json::Object{{"prediction", spelling(d.prediction)},
                      {"steps", d.steps.value},
                      {"schedule", spelling(d.schedule)},
                      {"beta_start", d.betaStart.value},
                      {"beta_end", d.betaEnd.value},
                      {"zero_terminal_snr", d.zeroTerminalSnr.value},
                      {"sampler", spelling(d.sampler)},
                      {"sample_steps", d.sampleSteps.value},
                      {"eta", d.eta.value},
                      {"variance", spelling(d.variance)},
                      {"clip_x0", d.clipX0.value},
                      {"noise_at", d.noiseAt.value},
                      {"velocity", spelling(d.velocity)},
                      {"time_scale", d.timeScale.value},
                      {"shift", d.shift.value}};
}

json::Object describeGuidance(const Spec &spec) {
  json::Value channels = spec.guidance.channels.value;
  if (spec.guidesAllChannels())
    channels = "all";
  return json::Object{{"scale", spec.guidance.scale.value},
                      {"formula", spelling(spec.guidance.formula)},
                      {"channels", std::move(channels)}};
}

/// Bytes of a tensor; of one sample where it has a batch.
int64_t bytesOf(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  int64_t bytes = tensor.getElementTypeBitWidth() / 8;
  for (int64_t dim : tensor.getShape())
    bytes *= ShapedType::isDynamic(dim) ? 1 : dim;
  return bytes;
}

json::Object describeLaunch(const codegen::Program &program,
                            const codegen::Launch &launch) {
  FusedOp op = launch.op;
  int64_t bytes = 0;
  for (Type type :
       llvm::concat<const Type>(op->getOperandTypes(), op->getResultTypes()))
    bytes += bytesOf(type);
  return json::Object{{"name", program.kernels[launch.kernel].name},
                      {"kind", stringifyKernelKind(op.getKind())},
                      {"what", codegen::describe(op)},
                      {"macs", macsOf(op)},
                      {"bytes", bytes}};
}

} // namespace

json::Object dit::describeModel(const CompiledModel &model) {
  const Spec &spec = model.spec;
  // Counted on the paper's network, before any pass changed it.
  OwningOpRef<ModuleOp> network = importSpec(spec.loc.getContext(), spec);
  return json::Object{
      {"abi", DIT_ABI_VERSION},
      {"compiler", kCompilerVersion},
      {"name", spec.name.value},
      {"spec", spec.text},
      {"spec_sha256", sha256(spec.text)},
      {"passes", json::Array(model.passes)},
      {"space", spelling(spec.space)},
      {"input", json::Array{spec.latent.channels.value,
                            spec.latent.height.value, spec.latent.width.value}},
      {"output", json::Array{spec.outChannels(), spec.latent.height.value,
                             spec.latent.width.value}},
      {"classes", spec.classes.value},
      {"label_dropout", spec.labelDropout > 0},
      {"learn_sigma", spec.learnSigma.value},
      {"tokens", spec.tokens()},
      {"parameters", parametersOf(*network)},
      {"macs", macsOf(*network)},
      {"diffusion", describeDiffusion(spec)},
      {"guidance", describeGuidance(spec)},
      {"ignored_weights", json::Array(spec.computedWeights)}};
}

json::Object dit::describeMemory(const codegen::Program &program,
                                 int64_t scratchBytes) {
  return json::Object{
      {"shared_bytes", program.sharedBytes},
      {"prepared_bytes", program.preparedBytes},
      {"state_bytes", codegen::host::kStateBytes},
      {"plan_bytes", codegen::host::kPlanBytes},
      {"arena_bytes_per_row", program.arenaBytesPerRow},
      {"condition_arena_bytes_per_row", program.conditionArenaBytesPerRow},
      {"condition_row_floats", program.conditionRowFloats},
      {"scratch_bytes", scratchBytes}};
}

json::Array dit::describeWeights(const codegen::Program &program) {
  json::Array list;
  for (const codegen::Weight &weight : program.weights)
    list.push_back(json::Object{{"name", weight.name},
                                {"shape", json::Array(weight.shape)}});
  return list;
}

json::Object dit::describeKernels(
    const codegen::Program &program,
    llvm::function_ref<void(json::Object &, const codegen::Launch &)> addTo) {
  auto describe = [&](ArrayRef<codegen::Launch> launches) {
    json::Array list;
    for (const codegen::Launch &launch : launches) {
      json::Object entry = describeLaunch(program, launch);
      addTo(entry, launch);
      list.push_back(std::move(entry));
    }
    return list;
  };
  return json::Object{{"prepare", describe(program.prepare)},
                      {"tabulate", describe(program.tables)},
                      {"condition", describe(program.condition)},
                      {"denoise", describe(program.denoise)}};
}

std::string dit::show(json::Object manifest) {
  std::string text;
  llvm::raw_string_ostream(text) << json::Value(std::move(manifest));
  return text;
}
