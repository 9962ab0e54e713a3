// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What an artifact says of itself: the JSON texts in its ELF section
// `.dit.manifest`, one for each way the model was made in (size of x, arch,
// matmuls; in the order that Abi.h says), each ended by a 0. The compiler fills
// the structs from the planned module and writes them, the runtime reads them;
// Manifest.cpp has the keys, once for both. Keys not known are ignored, so that
// a compiler may say more.
#ifndef DIT_RUNTIME_MANIFEST_H
#define DIT_RUNTIME_MANIFEST_H

#include "runtime/LaunchEntry.h"
#include "runtime/Layout.h"
#include "runtime/PositionTable.h"
#include "runtime/Resolution.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dit::runtime {

/// One launch of a kernel; `macs` and `bytes` of one sample. A CUDA artifact's
/// has one of `launch` and `cublasLt`, a CPU's neither.
struct KernelEntry {
  std::string name;
  std::string kind; ///< of its region: "linear"
  std::string what; ///< "fc1 + gelu (in blocks[0])"
  int64_t macs = 0, bytes = 0;
  std::optional<LaunchEntry> launch;
  std::optional<CublasLtEntry> cublasLt;
};

/// How often a value changes, or a function runs: once a load of the weights, a
/// prompt, a condition (a prompt at one t with one label), a step.
inline constexpr std::string_view kEveryLoad = "load", kEveryPrompt = "prompt",
                                  kEveryCondition = "condition",
                                  kEveryStep = "step";

/// What the network is told, or gives: `shape` is a sample's, elements are
/// float32 or, of an input, int32.
struct PortEntry {
  std::string name;
  std::string every; ///< of an input
  std::string dtype; ///< "f32" or "i32"
  std::vector<int64_t> shape;
  /// What guidance tells in place of it, of an input that the model was trained
  /// to do without: "zeros", or the name of a weight of this shape. Of y it is
  /// the label `classes`, and this is empty.
  std::string nullValue;
  /// Of an input that picks rows of a table: how many there are, which are
  /// picked by whole numbers from 0 on. 0 for others.
  int64_t choices = 0;
  int64_t elements() const;
  int64_t bytes() const { return 4 * elements(); } ///< of a sample
};

/// One of the artifact's functions, in the order of DitArtifact.functions:
/// slowest first, the last is the network's. Launches are in order.
struct FunctionEntry {
  std::string name;
  std::string every;
  bool readsWeights = false;
  std::vector<std::string> inputs; ///< names of inputs, as DitCall has them
  std::vector<std::string> tables; ///< functions whose tables it gathers from
  int64_t arenaPerRow = 0;         ///< bytes
  int64_t rowFloats = 0; ///< of a row of the table it fills, 0 for none
  std::vector<KernelEntry> kernels;
};

struct WeightEntry {
  std::string name;
  std::vector<int64_t> shape;
  int64_t elements() const;
};

/// What a config.json beside the weights says where it is this model's.
struct ConfigEntry {
  std::string key;   ///< or an expression of keys: ConfigExpression.h
  std::string value; ///< its JSON
  std::string spec;  ///< "depth 28"
};

/// How the model was trained to be sampled, and the defaults of the flags.
struct DiffusionDefaults {
  /// "epsilon", "v_prediction", "sample", or "velocity" of a flow model
  std::string prediction;
  int64_t steps = 0; ///< T of the training schedule
  /// "linear", "squared_cosine" or "quadratic", which is also "scaled_linear"
  std::string schedule;
  double betaStart = 0, betaEnd = 0;
  bool zeroTerminalSnr = false; ///< the last timestep is noise alone
  std::string sampler;
  int64_t sampleSteps = 0;
  double eta = 0;
  std::string variance; ///< "learned_range", "fixed_large" or "fixed_small"
  bool clipX0 = false;

  // Of a flow model, x = (1 - s) * data + s * noise.
  int64_t noiseAt = 1;         ///< the t at which s = 1; at the other, 0, s = 0
  bool velocityToNoise = true; ///< noise - data is predicted, not its negative
  double timeScale = 1;        ///< the network is told timeScale * t
  double shift = 1; ///< of the noise levels: sampling/samplers/FlowTable.h
};

/// Guidance of the first `channels` channels, of all when it is empty.
struct GuidanceDefaults {
  double scale = 1;
  std::string formula = "scale"; ///< whose scale it is: Guidance.h
  std::optional<int64_t> channels;
};

/// Bytes; Abi.h says of what.
struct MemorySizes {
  int64_t shared = 0, prepared = 0;
  int64_t scratch = 0; ///< of each thread
};

struct Manifest {
  std::string compiler, name;
  std::string spec, specSha256;    ///< the YAML text
  std::vector<std::string> passes; ///< that ran, in order
  std::string target;              ///< "cpu" or "cuda"
  std::string arch;                ///< "x86-64-v4", "sm_90a"
  /// What the CPU must have, names of /proc/cpuinfo.
  std::vector<std::string> features;
  std::string dtype;     ///< what large matmuls multiply: "f32", "bf16", "tf32"
  std::string matmul;    ///< "generated" or "cublaslt"; empty for a CPU
  int64_t codeBytes = 0; ///< of the cubin, 0 for a CPU
  std::string nvrtc;     ///< what compiled it; empty for a CPU
  std::string space;     ///< of x: "latent" or "pixel"
  std::vector<PortEntry> inputs, outputs;
  int64_t classes = 0; ///< the null label where labelDropout
  bool labelDropout = false, learnSigma = false;
  int64_t tokens = 0, parameters = 0;
  int64_t macs = 0; ///< of one sample
  DiffusionDefaults diffusion;
  GuidanceDefaults guidance;
  MemorySizes memory;
  std::vector<WeightEntry> weights;
  std::vector<std::string> ignoredWeights; ///< may be in the file, is not read
  std::vector<Layout> layouts;             ///< of files with other names
  std::vector<PositionTable> positionTables; ///< that a checkpoint may store
  std::vector<ConfigEntry> config;
  std::vector<FunctionEntry> functions;
  /// Of a CUDA artifact: guidance and the sampler's update, the runtime's to
  /// launch: five addresses, then the ints samples and guided.
  std::optional<LaunchEntry> step;

  // Of the input x and the first output, which are images.
  int64_t channels = 0, height = 0, width = 0;
  int64_t outputChannels = 0;

  Resolution resolution() const { return {height, width}; }
  /// Floats of one sample's x, and of one sample's network output.
  int64_t sampleFloats() const { return channels * height * width; }
  int64_t outputFloats() const { return outputChannels * height * width; }
  bool isLatent() const { return space == "latent"; }

  const FunctionEntry &network() const { return functions.back(); }
  /// The number of the function of that name, empty where there is none.
  std::optional<size_t> findFunction(std::string_view name) const;
  const PortEntry *findInput(std::string_view name) const;
  /// Floats of all tables' rows for one sample, and bytes of the arenas that
  /// fill them.
  int64_t rowFloats() const;
  int64_t tableArenaPerRow() const;
};

/// The JSON text.
std::string writeManifest(Manifest manifest);

/// Reads and checks every key of one manifest. One of another ABI version is
/// refused before anything else of it is looked at. Throws an Error without the
/// file's name.
Manifest parseManifest(std::string_view text);

/// "3456x1152", "scalar" for a shape of no dimensions.
std::string showShape(const std::vector<int64_t> &shape);

} // namespace dit::runtime

#endif // DIT_RUNTIME_MANIFEST_H
