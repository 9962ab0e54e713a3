// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which keys a spec has and what each may be, one line a key; what must hold
// between keys is in SpecChecks.cpp.
#include "compiler/MappingReader.h"
#include "compiler/SpecChecks.h"
#include "compiler/network/Designs.h"
#include "compiler/network/NetworkReader.h"
#include "runtime/Error.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace dit;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
// Beyond these no model makes sense, and below them no product overflows.
constexpr Bound kDepth{1, 1024}, kSize{1, 1 << 20}, kRatio{0, 1024, true};
constexpr Bound kPositive{0, kInfinity, true}, kUnit{0, 1};
constexpr size_t kMaxExtends = 8, kMaxResolutions = 32;

void readDiffusion(MappingReader &in, Spec &spec) {
  auto &d = spec.diffusion;
  in.integer("steps", d.steps, {1, 1 << 20});
  in.choice("schedule", d.schedule,
            {Schedule::Linear, Schedule::SquaredCosine, Schedule::Quadratic,
             Schedule::ScaledLinear});
  in.number("beta_start", d.betaStart, {0, 1, true});
  in.number("beta_end", d.betaEnd, {0, 1, true});
  in.choice("prediction", d.prediction,
            {Prediction::Epsilon, Prediction::Velocity, Prediction::VPrediction,
             Prediction::Sample});
  in.flag("zero_terminal_snr", d.zeroTerminalSnr);
  in.choice("sampler", d.sampler,
            {Sampler::DDPM, Sampler::DDIM, Sampler::DpmSolver, Sampler::Euler,
             Sampler::Heun});
  in.integer("sample_steps", d.sampleSteps, {1, 1 << 20});
  in.number("eta", d.eta, kUnit);
  in.choice(
      "variance", d.variance,
      {Variance::LearnedRange, Variance::FixedLarge, Variance::FixedSmall});
  in.flag("clip_x0", d.clipX0);
  in.integer("noise_at", d.noiseAt, {0, 1});
  in.choice("velocity", d.velocity, {Velocity::ToNoise, Velocity::ToData});
  in.number("time_scale", d.timeScale, {1e-6, 1e6});
  in.number("shift", d.shift, {1e-6, 1e6});
}

/// `channels: 3` or `channels: all`, which is as many as the latent has.
void readGuidance(MappingReader &in, Spec &spec) {
  in.number("scale", spec.guidance.scale, {0, 1000});
  in.choice("formula", spec.guidance.formula,
            {GuidanceFormula::Scale, GuidanceFormula::Weight});
  const YamlEntry *entry = in.take("channels");
  if (entry && entry->value.kind == YamlNode::Scalar &&
      entry->value.text == "all")
    spec.guidance.channels = {spec.latent.channels, entry->value.loc};
  else if (entry)
    in.integer("channels", spec.guidance.channels, {1, 1 << 16},
               "an integer or all");
}

void readLatent(MappingReader &in, Spec &spec) {
  in.integer("channels", spec.latent.channels, {1, 1 << 16});
  in.integer("height", spec.latent.height, {1, 1 << 16});
  in.integer("width", spec.latent.width, {1, 1 << 16});
  in.require({"channels", "height", "width"});
}

/// `resolutions: [24x40, 64x64]`
void readResolutions(MappingReader &in, Spec &spec) {
  const YamlEntry *entry = in.take("resolutions");
  if (!entry)
    return;
  const YamlNode &list = entry->value;
  if (list.kind != YamlNode::Sequence) {
    in.error(list.loc) << "resolutions must be a list of sizes, as [24x40]";
    return;
  }
  if (list.entries.size() > kMaxResolutions)
    in.error(list.loc) << "resolutions must be at most " << kMaxResolutions
                       << ", but are " << list.entries.size();
  for (const YamlEntry &item : list.entries) {
    const YamlNode &value = item.value;
    auto size = runtime::parseResolution(value.text);
    if (value.kind == YamlNode::Scalar && size) {
      spec.resolutions.push_back({*size, value.loc});
      continue;
    }
    auto diag = in.error(value.loc)
                << "a resolution must be HEIGHTxWIDTH, each from 1 to 65536, "
                   "as 24x40";
    if (value.kind == YamlNode::Scalar)
      diag << ", but found " << runtime::inQuotes(value.text);
  }
}

void readKeys(MappingReader &in, Spec &spec) {
  in.string("name", spec.name, 100);
  in.integer("depth", spec.depth, kDepth);
  in.integer("width", spec.width, kSize);
  in.integer("heads", spec.heads, kSize);
  in.integer("patch_size", spec.patchSize, {1, 1 << 16});
  in.number("mlp_ratio", spec.mlpRatio, kRatio);
  in.integer("classes", spec.classes, kSize);
  in.number("label_dropout", spec.labelDropout, kUnit);
  in.flag("learn_sigma", spec.learnSigma);
  in.choice("space", spec.space, {Space::Latent, Space::Pixel});
  in.word("conditioning", spec.conditioning, designsOf("conditioning"));
  in.choice("position", spec.position,
            {Position::Sincos, Position::Learned, Position::Rotary});
  in.mappingAt("rotary", [&](MappingReader &in) {
    in.number("theta", spec.rotary.theta, kPositive);
  });
  in.mappingAt("position_grid", [&](MappingReader &in) {
    in.integer("height", spec.positionGrid.height, {1, 1 << 16});
    in.integer("width", spec.positionGrid.width, {1, 1 << 16});
    in.require({"height", "width"});
  });
  in.choice("compat", spec.compat, {Compat::Official, Compat::Diffusers});
  in.mappingAt("latent", [&](MappingReader &in) { readLatent(in, spec); });
  readResolutions(in, spec);
  in.mappingAt("norm", [&](MappingReader &in) {
    in.number("eps", spec.norm.eps, {0, 1, true});
    in.number("mlp_eps", spec.norm.mlpEps, {0, 1, true});
    in.leave({"kind", "affine"});
  });
  in.mappingAt("mlp", [&](MappingReader &in) {
    in.choice("activation", spec.mlp.activation,
              {Activation::GeluTanh, Activation::Gelu, Activation::Silu});
    in.leave({"kind", "hidden", "bias", "name"});
  });
  in.mappingAt("timestep", [&](MappingReader &in) {
    in.choice("embedding", spec.timestep.embedding,
              {TimestepEmbedding::Sinusoidal, TimestepEmbedding::Learned});
    in.integer("frequencies", spec.timestep.frequencies, {4, 1 << 16});
    in.number("max_period", spec.timestep.maxPeriod, kPositive);
    in.leave({"spacing"});
  });
  in.mappingAt("diffusion",
               [&](MappingReader &in) { readDiffusion(in, spec); });
  in.mappingAt("guidance", [&](MappingReader &in) { readGuidance(in, spec); });
  in.leave(networkSections());
  in.require({"name", "latent"});
  in.finish();
}

/// Defaults that follow from other keys.
void deriveDefaults(Spec &spec) {
  auto derive = [](auto &key, auto value) {
    if (!key.isWritten())
      key.value = value;
  };
  derive(spec.diffusion.variance,
         spec.learnSigma ? Variance::LearnedRange : Variance::FixedLarge);
  if (spec.isFlow())
    derive(spec.diffusion.sampler, Sampler::Euler);
  else
    derive(spec.diffusion.sampleSteps,
           std::min<int64_t>(spec.diffusion.sampleSteps, spec.diffusion.steps));
  derive(spec.diffusion.velocity,
         spec.diffusion.noiseAt == 1 ? Velocity::ToNoise : Velocity::ToData);
  derive(spec.guidance.scale, spec.scaleOfNoGuidance());
  derive(spec.diffusion.clipX0, spec.space == Space::Pixel);
  bool asPublished =
      spec.latent.channels == 4 && spec.compat == Compat::Official;
  derive(spec.guidance.channels,
         asPublished ? int64_t(3) : spec.latent.channels.value);
}

FailureOr<Spec> readMapping(const YamlNode &written, StringRef text,
                            StringRef file) {
  MLIRContext *context = written.loc.getContext();
  Spec spec;
  spec.file = file;
  spec.text = text;
  spec.loc = written.loc;
  const YamlNode *width = written.at("width");
  spec.places.setDefault(width ? width->loc : written.loc);
  auto root = overDesigns(context, written, spec.places);
  if (failed(root))
    return failure();
  MappingReader in(*root, "");
  readKeys(in, spec);
  if (!hasOwnNetwork(written))
    in.require({"depth", "width", "heads", "patch_size", "classes"});
  else if (spec.conditioning.isWritten())
    in.error(spec.conditioning.loc)
        << "conditioning picks a design, but the spec has blocks and "
           "conditions of its own";
  deriveDefaults(spec);
  bool failed = in.failed();
  auto network = NetworkReader(*root, spec.places).read();
  failed |= mlir::failed(network) || mlir::failed(checkSpec(spec));
  if (failed)
    return failure();
  spec.network = std::make_shared<YamlNode>(std::move(*network));
  if (mlir::failed(checkNetwork(spec)))
    return failure();
  return spec;
}

/// The file's mapping over the mapping of the file it extends. `chain` is the
/// files that led here, the first one first.
FailureOr<YamlNode> readExtended(MLIRContext *context, YamlNode mapping,
                                 std::vector<std::string> chain) {
  const YamlEntry *extends = mapping.find("extends");
  if (!extends)
    return mapping;
  const YamlNode &value = extends->value;
  auto error = [&] { return emitError(Location(value.loc)); };
  if (value.kind != YamlNode::Scalar || value.text.empty())
    return error() << "extends must be the name of a YAML file";
  SmallString<128> path = llvm::sys::path::parent_path(chain.back());
  if (llvm::sys::path::is_absolute(value.text))
    path.clear();
  llvm::sys::path::append(path, value.text);
  llvm::sys::path::remove_dots(path, /*remove_dot_dot=*/true);
  if (llvm::is_contained(chain, path.str()))
    return error() << "extends must not lead back to where it began, but "
                   << chain.back() << " extends " << path.str().str();
  if (chain.size() > kMaxExtends)
    return error() << "extends may be followed through at most " << kMaxExtends
                   << " files, but this is one more";
  auto text = readTextFile(path, kMaxSpecBytes);
  if (!text)
    return error() << "cannot extend " << llvm::toString(text.takeError());
  auto base = parseYaml(context, *text, path);
  if (failed(base))
    return failure();
  chain.push_back(path.str().str());
  auto resolved = readExtended(context, std::move(*base), chain);
  if (failed(resolved))
    return failure();
  llvm::erase_if(mapping.entries,
                 [](const YamlEntry &entry) { return entry.key == "extends"; });
  return mergeYaml(*resolved, mapping);
}

} // namespace

Spec Spec::at(Resolution size) const {
  Spec spec = *this;
  spec.resolutions.clear();
  if (size == this->size())
    return spec;
  LocationAttr loc = latent.height.loc;
  for (const Located<Resolution> &other : resolutions)
    if (other.value == size)
      loc = other.loc;
  spec.latent.height = {size.height, loc};
  spec.latent.width = {size.width, loc};
  return spec;
}

FailureOr<Spec> dit::parseSpec(MLIRContext *context, StringRef text,
                               StringRef file) {
  auto mapping = parseYaml(context, text, file);
  if (failed(mapping))
    return failure();
  if (!mapping->find("extends"))
    return readMapping(*mapping, text, file);
  SmallString<128> plain(file);
  llvm::sys::path::remove_dots(plain, /*remove_dot_dot=*/true);
  auto resolved =
      readExtended(context, std::move(*mapping), {plain.str().str()});
  if (failed(resolved))
    return failure();
  return readMapping(*resolved, printYaml(*resolved), file);
}
