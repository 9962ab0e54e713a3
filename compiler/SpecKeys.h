// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which keys a spec has beside those of its network, and what each may be: one
// line a key, for the reader and for the writer.
#ifndef DIT_COMPILER_SPECKEYS_H
#define DIT_COMPILER_SPECKEYS_H

#include "compiler/MappingReader.h"
#include "compiler/MappingWriter.h"
#include "compiler/network/Designs.h"
#include "compiler/network/NetworkReader.h"
#include <limits>

namespace dit {

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();
// Beyond these no model makes sense, and below them no product overflows.
inline constexpr Bound kDepth{1, 1024}, kSize{1, 1 << 20},
    kRatio{0, 1024, true};
inline constexpr Bound kPositive{0, kInfinity, true}, kUnit{0, 1};

// The two keys whose values have forms of their own.
void visitGuidedChannels(MappingReader &in, Spec &spec);
void visitGuidedChannels(MappingWriter &out, Spec &spec);
void visitResolutions(MappingReader &in, Spec &spec);
void visitResolutions(MappingWriter &out, Spec &spec);

template <typename Keys> void visitDiffusion(Keys &in, Spec &spec) {
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

template <typename Keys> void visitGuidance(Keys &in, Spec &spec) {
  in.number("scale", spec.guidance.scale, {0, 1000});
  in.choice("formula", spec.guidance.formula,
            {GuidanceFormula::Scale, GuidanceFormula::Weight});
  visitGuidedChannels(in, spec);
}

template <typename Keys> void visitLatent(Keys &in, Spec &spec) {
  in.integer("channels", spec.latent.channels, {1, 1 << 16});
  in.integer("height", spec.latent.height, {1, 1 << 16});
  in.integer("width", spec.latent.width, {1, 1 << 16});
  in.require({"channels", "height", "width"});
}

/// Every key but those of the network, one line each.
template <typename Keys> void visitKeys(Keys &in, Spec &spec) {
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
  in.mappingAt("rotary", [&](Keys &in) {
    in.number("theta", spec.rotary.theta, kPositive);
  });
  in.mappingAt("position_grid", [&](Keys &in) {
    in.integer("height", spec.positionGrid.height, {1, 1 << 16});
    in.integer("width", spec.positionGrid.width, {1, 1 << 16});
    in.require({"height", "width"});
  });
  in.choice("compat", spec.compat, {Compat::Official, Compat::Diffusers});
  in.mappingAt("latent", [&](Keys &in) { visitLatent(in, spec); });
  visitResolutions(in, spec);
  in.mappingAt("norm", [&](Keys &in) {
    in.number("eps", spec.norm.eps, {0, 1, true});
    in.number("mlp_eps", spec.norm.mlpEps, {0, 1, true});
    in.leave({"kind", "affine"});
  });
  in.mappingAt("mlp", [&](Keys &in) {
    in.choice("activation", spec.mlp.activation,
              {Activation::GeluTanh, Activation::Gelu, Activation::Silu});
    in.leave({"kind", "hidden", "bias", "name"});
  });
  in.mappingAt("timestep", [&](Keys &in) {
    in.choice("embedding", spec.timestep.embedding,
              {TimestepEmbedding::Sinusoidal, TimestepEmbedding::Learned});
    in.integer("frequencies", spec.timestep.frequencies, {4, 1 << 16});
    in.number("max_period", spec.timestep.maxPeriod, kPositive);
    in.leave({"spacing"});
  });
  in.mappingAt("diffusion", [&](Keys &in) { visitDiffusion(in, spec); });
  in.mappingAt("guidance", [&](Keys &in) { visitGuidance(in, spec); });
  in.leave(networkSections());
  in.require({"name", "latent"});
  in.finish();
}

} // namespace dit

#endif // DIT_COMPILER_SPECKEYS_H
