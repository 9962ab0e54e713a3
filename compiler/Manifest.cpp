// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Spec -> JSON.
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
  return json::Object{
      {"prediction", spelling(d.prediction)}, {"steps", d.steps.value},
      {"schedule", spelling(d.schedule)},     {"beta_start", d.betaStart.value},
      {"beta_end", d.betaEnd.value},          {"sampler", spelling(d.sampler)},
      {"sample_steps", d.sampleSteps.value},  {"eta", d.eta.value},
      {"variance", spelling(d.variance)},     {"clip_x0", d.clipX0.value}};
}

json::Object describeGuidance(const Spec &spec) {
  json::Value channels = spec.guidance.channels.value;
  if (spec.guidesAllChannels())
    channels = "all";
  return json::Object{{"scale", spec.guidance.scale.value},
                      {"channels", std::move(channels)}};
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
      {"ignored_weights", json::Array{"pos_embed"}}};
}
