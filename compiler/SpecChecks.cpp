// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Each check anchors at the value one would edit, with a note at the other.
#include "compiler/SpecChecks.h"

#include "compiler/network/Layouts.h"
#include "compiler/network/Network.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace dit;

namespace {

std::string showBytes(double bytes) {
  const char *units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  int unit = 0;
  for (; bytes >= 1024 && unit < 6; ++unit)
    bytes /= 1024;
  char text[32];
  snprintf(text, sizeof text, "%.4g %s", bytes, units[unit]);
  return text;
}

/// Of three values as large as the largest of one sample: what a block reads,
/// makes and adds to.
double sampleBytes(ModuleOp module) {
  double largest = 0;
  module.walk([&](Operation *op) {
    for (Type type : op->getResultTypes()) {
      auto tensor = dyn_cast<RankedTensorType>(type);
      if (!tensor || !tensor.isDynamicDim(0))
        continue;
      double bytes = 4;
      for (int64_t dim : tensor.getShape().drop_front())
        bytes *= dim;
      largest = std::max(largest, bytes);
    }
  });
  return 3 * largest;
}

/// As the runtime's sampling/samplers/Sampler.h.
constexpr int64_t kMaxFlowSteps = 100'000;

class SpecChecker {
public:
  explicit SpecChecker(const Spec &spec) : spec(spec) {}

  LogicalResult check() {
    checkDivisions();
    checkTokens();
    if (spec.isFlow())
      checkFlow();
    else
      checkDiffusion();
    checkSampler();
    checkGuidance();
    return success(!hasFailed);
  }

private:
  /// At the first of `keys` that is written, else at the mapping.
  LocationAttr place(std::initializer_list<LocationAttr> keys) {
    for (LocationAttr loc : keys)
      if (loc)
        return loc;
    return spec.loc;
  }
  InFlightDiagnostic error(LocationAttr loc) {
    hasFailed = true;
    return emitError(Location(place({loc})));
  }
  void note(InFlightDiagnostic &diag, LocationAttr loc, StringRef key) {
    if (loc)
      diag.attachNote(Location(loc)) << key << " is set here";
  }

  void mustDivide(const Located<int64_t> &divisor, StringRef name,
                  const Located<int64_t> &size, StringRef sizeName) {
    if (!divisor || !size || size % divisor == 0)
      return;
    auto diag = error(divisor.loc)
                << name << " must divide " << sizeName << ", but " << size.value
                << " % " << divisor.value << " = " << size % divisor;
    note(diag, size.loc, sizeName);
  }

  void checkDivisions() {
    mustDivide(spec.heads, "heads", spec.width, "width");
    mustDivide(spec.patchSize, "patch_size", spec.latent.height,
               "latent.height");
    mustDivide(spec.patchSize, "patch_size", spec.latent.width, "latent.width");
    checkPosition();
    checkTimestep();
    if (spec.width && spec.width * spec.mlpRatio < 1) {
      auto diag = error(spec.mlpRatio.loc)
                  << "mlp_ratio must leave the MLP at least one feature, but "
                  << spec.width.value << " * " << spec.mlpRatio.value
                  << " is less";
      note(diag, spec.width.loc, "width");
    }
  }

  void checkPosition() {
    auto mustBe = [&](LocationAttr loc, const Twine &sentence) {
      auto diag = error(loc) << sentence;
      note(diag, spec.position.loc, "position");
    };
    if (spec.position == Position::Learned && spec.positionGrid.height)
      mustBe(spec.positionGrid.height.loc,
             "position_grid is for sine-cosine and rotary positions, but "
             "position is learned");
    if (spec.position != Position::Rotary && spec.rotary.theta.loc)
      mustBe(spec.rotary.theta.loc, "rotary.theta is for rotary positions, but "
                                    "position is " +
                                        spelling(spec.position));
    if (spec.position == Position::Rotary && spec.heads && spec.width &&
        spec.width % spec.heads == 0 && spec.headDim() % 4)
      mustBe(spec.heads.loc,
             "rotary positions turn heads of a multiple of 4 features, but " +
                 Twine(spec.width.value) + " / " + Twine(spec.heads.value) +
                 " = " + Twine(spec.headDim()));
  }

  void checkTimestep() {
    const auto &t = spec.timestep;
    if (t.frequencies % 2)
      error(t.frequencies.loc)
          << "timestep.frequencies must be even, but found "
          << t.frequencies.value;
    if (!spec.learnsTimesteps())
      return;
    for (auto [loc, key] : {std::pair(t.frequencies.loc, "frequencies"),
                            {t.maxPeriod.loc, "max_period"}})
      if (loc) {
        auto diag = error(loc) << "timestep." << key
                               << " is of the sinusoidal embedding, but "
                                  "timestep.embedding is learned";
        note(diag, t.embedding.loc, "embedding");
      }
    if (spec.isFlow()) {
      auto diag = error(t.embedding.loc)
                  << "timestep.embedding can be learned only for whole "
                     "timesteps, but diffusion.prediction is velocity";
      note(diag, spec.diffusion.prediction.loc, "prediction");
    }
  }

  bool hasTokens() {
    return spec.patchSize && spec.latent.height && spec.latent.width &&
           spec.gridHeight() && spec.gridWidth();
  }

  void checkTokens() {
    if (!hasTokens() || spec.tokens() <= kMaxTokens)
      return;
    auto diag = error(spec.patchSize.loc)
                << "a sample must have at most " << kMaxTokens
                << " tokens, but has " << spec.tokens() << " ("
                << spec.gridHeight() << " x " << spec.gridWidth()
                << " patches)";
    note(diag, spec.latent.height.loc, "latent.height");
  }

  void checkDiffusion() {
    const auto &d = spec.diffusion;
    if (d.schedule != Schedule::SquaredCosine && d.betaStart > d.betaEnd) {
      auto diag = error(place({d.betaEnd.loc, d.betaStart.loc}))
                  << "diffusion.beta_end must be at least beta_start, but "
                  << d.betaEnd.value << " < " << d.betaStart.value;
      note(diag, d.betaEnd.isWritten() ? d.betaStart.loc : LocationAttr(),
           "beta_start");
    }
    if (d.zeroTerminalSnr && d.prediction == Prediction::Epsilon) {
      auto diag = error(d.zeroTerminalSnr.loc)
                  << "diffusion.zero_terminal_snr needs a prediction of "
                     "v_prediction or sample: from noise alone, an epsilon "
                     "says nothing of the data";
      note(diag, d.prediction.loc, "prediction");
    }
    if (d.sampleSteps > d.steps) {
      auto diag = error(d.sampleSteps.loc)
                  << "diffusion.sample_steps must be at most steps, but "
                  << d.sampleSteps.value << " > " << d.steps.value;
      note(diag, d.steps.loc, "steps");
    }
    for (auto [loc, key] : {std::pair(d.noiseAt.loc, "noise_at"),
                            {d.velocity.loc, "velocity"},
                            {d.timeScale.loc, "time_scale"},
                            {d.shift.loc, "shift"}})
      if (loc) {
        auto diag = error(loc) << "diffusion." << key
                               << " is of models that predict velocity, but "
                                  "diffusion.prediction is "
                               << spelling(d.prediction);
        note(diag, d.prediction.loc, "prediction");
      }
    if (d.variance == Variance::LearnedRange && !spec.learnSigma) {
      auto diag =
          error(d.variance.loc)
          << "diffusion.variance can be learned_range only with learn_sigma, "
             "but learn_sigma is false";
      note(diag, spec.learnSigma.loc, "learn_sigma");
    }
  }

  void checkFlow() {
    const auto &d = spec.diffusion;
    if (d.zeroTerminalSnr.isWritten())
      error(d.zeroTerminalSnr.loc)
          << "diffusion.zero_terminal_snr is of models with betas, but "
             "diffusion.prediction is velocity";
    if (d.sampleSteps > kMaxFlowSteps)
      error(d.sampleSteps.loc)
          << "diffusion.sample_steps must be at most " << kMaxFlowSteps
          << ", but found " << d.sampleSteps.value;
  }

  void checkSampler() {
    const auto &d = spec.diffusion;
    bool isForFlows = d.sampler == Sampler::Euler || d.sampler == Sampler::Heun;
    if (isForFlows == spec.isFlow())
      return;
    auto diag = error(place({d.sampler.loc, d.prediction.loc}))
                << "diffusion.sampler " << spelling(d.sampler)
                << " is for models that predict "
                << (isForFlows ? "velocity" : "epsilon, v_prediction or sample")
                << ", but diffusion.prediction is " << spelling(d.prediction);
    if (d.sampler.isWritten())
      note(diag, d.prediction.loc, "prediction");
  }

  void checkGuidance() {
    const auto &g = spec.guidance;
    if (spec.latent.channels && g.channels > spec.latent.channels) {
      auto diag = error(g.channels.loc)
                  << "guidance.channels must be at most latent.channels, but "
                  << g.channels.value << " > " << spec.latent.channels.value;
      note(diag, spec.latent.channels.loc, "latent.channels");
    }
    if (g.scale != spec.scaleOfNoGuidance() && spec.labelDropout == 0.0) {
      auto diag = error(g.scale.loc)
                  << "guidance.scale must be " << spec.scaleOfNoGuidance()
                  << " without a null class, but found " << g.scale.value;
      note(diag, spec.labelDropout.loc, "label_dropout");
    }
  }

  const Spec &spec;
  bool hasFailed = false;
};

} // namespace

std::string dit::whyNotAt(const Spec &spec, Resolution size) {
  if (size == spec.size())
    return "";
  std::string reason;
  llvm::raw_string_ostream os(reason);
  if (spec.learnsPositions) {
    os << "the model has no positions: position is learned, for "
       << spec.size().show() << " alone";
    return reason;
  }
  for (auto [side, name] :
       {std::pair(size.height, "height"), {size.width, "width"}})
    if (spec.patchSize && side % spec.patchSize) {
      os << "patch_size must divide the " << name << ", but " << side << " % "
         << spec.patchSize.value << " = " << side % spec.patchSize;
      return reason;
    }
  Spec there = spec.at(size);
  if (spec.patchSize && there.tokens() > kMaxTokens) {
    os << "a sample must have at most " << kMaxTokens << " tokens, but has "
       << there.tokens() << " (" << there.gridHeight() << " x "
       << there.gridWidth() << " patches)";
    return reason;
  }
  ScopedDiagnosticHandler handler(spec.loc.getContext(), [&](Diagnostic &d) {
    if (reason.empty() && d.getSeverity() == DiagnosticSeverity::Error)
      os << d.str();
    return success();
  });
  OpBuilder builder(spec.loc.getContext());
  OwningOpRef<ModuleOp> module = ModuleOp::create(builder, Location(spec.loc));
  Network network(builder, there);
  if (failed(network.build(*module)))
    return reason;
  if (network.ops().weightShapes() != spec.weights)
    os << "the network has other weights than at " << spec.size().show();
  else if (double bytes = sampleBytes(*module); bytes > kMaxSampleBytes)
    os << "the activations of one sample must take at most "
       << showBytes(kMaxSampleBytes) << ", but would take " << showBytes(bytes);
  return reason;
}

LogicalResult dit::checkNetwork(Spec &spec) {
  OpBuilder builder(spec.loc.getContext());
  OwningOpRef<ModuleOp> module = ModuleOp::create(builder, Location(spec.loc));
  Network network(builder, spec);
  if (failed(network.build(*module)))
    return failure();
  spec.weights = network.ops().weightShapes();
  spec.learnsPositions = network.learnsPositions;
  spec.computedWeights.assign(network.computedWeights.begin(),
                              network.computedWeights.end());
  auto asBuilt = spec.network; // which the next line replaces
  bool hasFailed = failed(resolveLayouts(spec, network.numbers()));
  hasFailed |= failed(network.checkAllUsed());
  auto error = [&](LocationAttr loc) {
    hasFailed = true;
    return emitError(Location(loc ? loc : spec.loc));
  };
  if (double weights = network.ops().weightBytes(); weights > kMaxWeightBytes)
    error(spec.width.loc) << "the weights must take at most "
                          << showBytes(kMaxWeightBytes)
                          << " as float32, but would take "
                          << showBytes(weights);
  if (double sample = sampleBytes(*module); sample > kMaxSampleBytes)
    error(spec.width.loc) << "the activations of one sample must take at most "
                          << showBytes(kMaxSampleBytes) << ", but would take "
                          << showBytes(sample);
  for (auto [i, size] : llvm::enumerate(spec.resolutions)) {
    std::string reason = whyNotAt(spec, size.value);
    if (!reason.empty()) {
      error(size.loc) << "at " << size.value.show() << ", " << reason;
      continue;
    }
    LocationAttr first =
        size.value == spec.size() ? spec.latent.height.loc : LocationAttr();
    for (const auto &before : ArrayRef(spec.resolutions).take_front(i))
      if (before.value == size.value)
        first = before.loc;
    if (first) {
      auto diag = error(size.loc) << "every resolution must be named once, "
                                     "but there are two "
                                  << size.value.show();
      diag.attachNote(Location(first)) << "the first is set here";
    }
  }
  return success(!hasFailed);
}

LogicalResult dit::checkSpec(const Spec &spec) {
  return SpecChecker(spec).check();
}
