// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How each enumerator of a spec is written in YAML and in the manifest.
#include "compiler/Spec.h"

using namespace dit;

llvm::StringRef dit::spelling(Space value) {
  return value == Space::Latent ? "latent" : "pixel";
}

llvm::StringRef dit::spelling(Position value) {
  switch (value) {
  case Position::Sincos:
    return "sincos";
  case Position::Learned:
    return "learned";
  case Position::Rotary:
    return "rotary";
  }
  llvm_unreachable("all enumerators are above");
}

llvm::StringRef dit::spelling(TimestepEmbedding value) {
  return value == TimestepEmbedding::Sinusoidal ? "sinusoidal" : "learned";
}

llvm::StringRef dit::spelling(Activation value) {
  switch (value) {
  case Activation::GeluTanh:
    return "gelu_tanh";
  case Activation::Gelu:
    return "gelu";
  case Activation::Silu:
    return "silu";
  }
  llvm_unreachable("all enumerators are above");
}

llvm::StringRef dit::spelling(Compat value) {
  return value == Compat::Official ? "official" : "diffusers";
}

llvm::StringRef dit::spelling(Schedule value) {
  switch (value) {
  case Schedule::Linear:
    return "linear";
  case Schedule::SquaredCosine:
    return "squared_cosine";
  case Schedule::Quadratic:
    return "quadratic";
  case Schedule::ScaledLinear:
    return "scaled_linear";
  }
  llvm_unreachable("all enumerators are above");
}

llvm::StringRef dit::spelling(Prediction value) {
  switch (value) {
  case Prediction::Epsilon:
    return "epsilon";
  case Prediction::Velocity:
    return "velocity";
  case Prediction::VPrediction:
    return "v_prediction";
  case Prediction::Sample:
    return "sample";
  }
  llvm_unreachable("all enumerators are above");
}

llvm::StringRef dit::spelling(Velocity value) {
  return value == Velocity::ToNoise ? "to_noise" : "to_data";
}

llvm::StringRef dit::spelling(Sampler value) {
  switch (value) {
  case Sampler::DDPM:
    return "ddpm";
  case Sampler::DDIM:
    return "ddim";
  case Sampler::DpmSolver:
    return "dpm++2m";
  case Sampler::Euler:
    return "euler";
  case Sampler::Heun:
    return "heun";
  }
  llvm_unreachable("all enumerators are above");
}

llvm::StringRef dit::spelling(GuidanceFormula value) {
  return value == GuidanceFormula::Scale ? "scale" : "weight";
}

llvm::StringRef dit::spelling(Variance value) {
  switch (value) {
  case Variance::LearnedRange:
    return "learned_range";
  case Variance::FixedLarge:
    return "fixed_large";
  case Variance::FixedSmall:
    return "fixed_small";
  }
  llvm_unreachable("all enumerators are above");
}
