// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A model as its YAML describes it: plain structs whose every value remembers
// the line and column it was written at. model_specs/README.md says what each
// key means; the defaults below are the paper's.
#ifndef DIT_COMPILER_SPEC_H
#define DIT_COMPILER_SPEC_H

#include "compiler/Yaml.h"
#include "compiler/network/Places.h"
#include "mlir/IR/Location.h"
#include "mlir/Support/LLVM.h"
#include "runtime/Layout.h"
#include "runtime/Resolution.h"
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dit {

using runtime::Resolution;

/// A value and where it stands in the YAML; `loc` is null where the key was not
/// written and the default holds.
template <typename T> struct Located {
  T value{};
  mlir::LocationAttr loc{};

  operator const T &() const { return value; }
  bool isWritten() const { return static_cast<bool>(loc); }
};

/// Where a diffusion model draws: the latents of an autoencoder, or the picture
/// itself.
enum class Space { Latent, Pixel };
enum class Position { Sincos, Learned, Rotary };
enum class TimestepEmbedding { Sinusoidal, Learned };
enum class Activation { GeluTanh, Gelu, Silu };
/// ScaledLinear is diffusers' word for Quadratic.
enum class Schedule { Linear, SquaredCosine, Quadratic, ScaledLinear };
/// Velocity is a flow's; VPrediction is sqrt(ab) noise - sqrt(1 - ab) data.
enum class Prediction { Epsilon, Velocity, VPrediction, Sample };
/// What a predicted velocity points to.
enum class Velocity { ToNoise, ToData };
enum class Sampler { DDPM, DDIM, DpmSolver, Euler, Heun };
/// Whose scale `guidance.scale` is: runtime/sampling/Guidance.h.
enum class GuidanceFormula { Scale, Weight };
enum class Variance { LearnedRange, FixedLarge, FixedSmall };
/// Whose reading of the same weights: the published code's, or diffusers'.
enum class Compat { Official, Diffusers };

/// Each weight's name and shape.
using WeightShapes = std::vector<std::pair<std::string, std::vector<int64_t>>>;

struct Spec {
  std::string file;       ///< as it was named on the command line
  std::string text;       ///< the YAML, `extends` resolved
  mlir::LocationAttr loc; ///< of the root mapping

  Located<std::string> name;
  Located<int64_t> depth, width, heads, patchSize, classes; // 0: not read
  Located<double> mlpRatio{4.0};
  Located<double> labelDropout{0.1};
  Located<bool> learnSigma{true};
  Located<Space> space{Space::Latent};
  Located<std::string> conditioning; ///< which design; "" for its own network
  Located<Position> position{Position::Sincos};
  Located<Compat> compat{Compat::Official};

  struct {
    Located<int64_t> channels, height, width; // 0: not read
  } latent;
  /// Sizes of the latent that an artifact is made for beside the one above.
  std::vector<Located<Resolution>> resolutions;
  /// The grid of tokens whose positions are spread over this model's. Default:
  /// its own.
  struct {
    Located<int64_t> height, width;
  } positionGrid;
  /// Of Position::Rotary alone.
  struct {
    Located<double> theta{10000.0};
  } rotary;
  struct {
    Located<double> eps{1e-6};
    Located<double> mlpEps; ///< Default: eps.
  } norm;
  struct {
    Located<Activation> activation{Activation::GeluTanh};
  } mlp;
  struct {
    Located<TimestepEmbedding> embedding{TimestepEmbedding::Sinusoidal};
    // Of TimestepEmbedding::Sinusoidal alone.
    Located<int64_t> frequencies{256};
    Located<double> maxPeriod{10000.0};
  } timestep;
  struct {
    Located<int64_t> steps{1000};
    Located<Schedule> schedule{Schedule::Linear};
    Located<double> betaStart{1e-4}, betaEnd{0.02};
    Located<Prediction> prediction{Prediction::Epsilon};
    /// The last timestep is noise alone (Lin et al., 2024).
    Located<bool> zeroTerminalSnr{false};
    /// Default: Euler for velocity.
    Located<Sampler> sampler{Sampler::DDPM};
    Located<int64_t> sampleSteps{250};
    Located<double> eta{0.0};
    /// Default: LearnedRange with learn_sigma, else FixedLarge.
    Located<Variance> variance{Variance::LearnedRange};
    /// Default: true in pixel space.
    Located<bool> clipX0{false};
    // Of Prediction::Velocity alone.
    Located<int64_t> noiseAt{1}; ///< the t of pure noise, 0 or 1
    /// Default: dx/dt, so ToData where noise is at 0.
    Located<Velocity> velocity{Velocity::ToNoise};
    Located<double> timeScale{1.0}, shift{1.0};
  } diffusion;
  struct {
    Located<GuidanceFormula> formula{GuidanceFormula::Scale};
    /// Default: that of no guidance, 1, and 0 for Weight.
    Located<double> scale{1.0};
    /// The first `channels` channels are guided. Default: 3 of 4, as published,
    /// else all.
    Located<int64_t> channels;
  } guidance;

  /// The sections that are the network, written out: network/NetworkReader.h.
  std::shared_ptr<const YamlNode> network;
  Places places; ///< of what is in `network`
  // What building it tells.
  WeightShapes weights;
  std::vector<std::string> computedWeights; ///< a checkpoint may have them
  bool learnsPositions = false;             ///< so that there is one size
  /// Other ways in which a checkpoint may have the weights.
  std::vector<runtime::Layout> layouts;

  Resolution size() const { return {latent.height, latent.width}; }
  /// The same spec of a latent of `size`, with no other resolutions; its text
  /// stays what was read.
  Spec at(Resolution size) const;

  int64_t headDim() const { return width / heads; }
  int64_t gridHeight() const { return latent.height / patchSize; }
  int64_t gridWidth() const { return latent.width / patchSize; }
  int64_t tokens() const { return gridHeight() * gridWidth(); }
  bool learnsTimesteps() const {
    return timestep.embedding == TimestepEmbedding::Learned;
  }
  int64_t outChannels() const { return latent.channels * (learnSigma ? 2 : 1); }
  /// Rows of the label table: the last one is the null class, where there is
  /// one.
  int64_t labelRows() const { return classes + (labelDropout > 0 ? 1 : 0); }
  bool isFlow() const { return diffusion.prediction == Prediction::Velocity; }
  /// The guidance.scale that is none.
  int64_t scaleOfNoGuidance() const {
    return guidance.formula == GuidanceFormula::Weight ? 0 : 1;
  }
  bool guidesAllChannels() const {
    return guidance.channels == latent.channels;
  }
};

// The YAML spelling of each enumerator.
llvm::StringRef spelling(Space value);
llvm::StringRef spelling(Position value);
llvm::StringRef spelling(TimestepEmbedding value);
llvm::StringRef spelling(Activation value);
llvm::StringRef spelling(Compat value);
llvm::StringRef spelling(Schedule value);
llvm::StringRef spelling(Prediction value);
llvm::StringRef spelling(Velocity value);
llvm::StringRef spelling(Sampler value);
llvm::StringRef spelling(GuidanceFormula value);
llvm::StringRef spelling(Variance value);

/// KEY=VALUE of a command line: over what the file says. Mistakes in it are at
/// `file()`.
struct Setting {
  std::string text;
  std::string file() const { return "--set " + text; }
};

/// Reads the spec `text`, and the files it extends by names relative to `file`,
/// under `settings`. Every mistake is diagnosed where it stands, before failure
/// is returned.
mlir::FailureOr<Spec> parseSpec(mlir::MLIRContext *context,
                                llvm::StringRef text, llvm::StringRef file,
                                llvm::ArrayRef<Setting> settings = {});

/// Every key with its value, and the network.
YamlNode writeOutMapping(const Spec &spec);

/// The spec as YAML with every default and design written out.
std::string writeOut(const Spec &spec);

} // namespace dit

#endif // DIT_COMPILER_SPEC_H
