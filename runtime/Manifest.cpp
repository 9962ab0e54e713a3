// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The manifest's JSON text to the struct, every key checked.
#include "runtime/Manifest.h"

#include "runtime/Abi.h"
#include "runtime/Error.h"
#include "runtime/Json.h"

#include <fmt/ranges.h>

#include <set>

namespace dit::runtime {

// Bounds that no model of this decade reaches, and whose products fit int64.
static constexpr int64_t maxSide = 1 << 16;
static constexpr int64_t maxElements = int64_t{1} << 40;
static constexpr int64_t maxBytes = int64_t{1} << 44;
static constexpr int64_t maxCount = int64_t{1} << 60;

int64_t WeightEntry::elements() const {
  int64_t product = 1;
  for (int64_t d : shape)
    product *= d;
  return product;
}

std::string showShape(const std::vector<int64_t> &shape) {
  return shape.empty() ? "scalar" : fmt::format("{}", fmt::join(shape, "x"));
}

/// A [C, H, W] triple whose product stays below 2^31.
static std::vector<int64_t> readImageShape(const JsonReader &json,
                                           const char *key) {
  std::vector<int64_t> shape = json.integers(key, 1, maxSide);
  if (shape.size() != 3)
    fail("{} must be three integers (C, H, W), but has {}", json.name(key),
         shape.size());
  if (shape[0] * shape[1] * shape[2] >= int64_t{1} << 31)
    fail("{} is {}, more elements than 2^31", json.name(key), showShape(shape));
  return shape;
}

static DiffusionDefaults readDiffusion(const JsonReader &json) {
  DiffusionDefaults d;
  d.prediction = json.choice("prediction",
                             {"epsilon", "velocity", "v_prediction", "sample"});
  bool isFlow = d.prediction == "velocity";
  d.steps = json.integer("steps", 1, 1000000);
  d.schedule = json.choice(
      "schedule", {"linear", "squared_cosine", "quadratic", "scaled_linear"});
  d.betaStart = json.number("beta_start", 1e-12, 0.999999);
  d.betaEnd = json.number("beta_end", 1e-12, 0.999999);
  if (json.has("zero_terminal_snr")) // older compilers know no such models
    d.zeroTerminalSnr = json.boolean("zero_terminal_snr");
  if (d.zeroTerminalSnr && d.prediction == "epsilon")
    fail("{} is true, but the prediction is epsilon",
         json.name("zero_terminal_snr"));
  d.sampler = json.string("sampler");
  d.sampleSteps = json.integer("sample_steps", 1, isFlow ? 100'000 : d.steps);
  d.eta = json.number("eta", 0, 1);
  d.variance =
      json.choice("variance", {"learned_range", "fixed_large", "fixed_small"});
  d.clipX0 = json.boolean("clip_x0");
  d.noiseAt = json.integer("noise_at", 0, 1);
  d.velocityToNoise =
      json.choice("velocity", {"to_noise", "to_data"}) == "to_noise";
  d.timeScale = json.number("time_scale", 1e-6, 1e6);
  d.shift = json.number("shift", 1e-6, 1e6);
  return d;
}

static GuidanceDefaults readGuidance(const JsonReader &json, int64_t channels) {
  GuidanceDefaults g;
  g.scale = json.number("scale", 0, 1e6);
  g.formula = json.choice("formula", {"scale", "weight"});
  if (const auto &v = json.at("channels"); v.is_string())
    json.choice("channels", {"all"});
  else
    g.channels = json.integer("channels", 1, channels);
  return g;
}

static MemorySizes readMemory(const JsonReader &json) {
  MemorySizes m;
  m.prepared = json.integer("prepared_bytes", 0, maxBytes);
  m.shared = json.integer("shared_bytes", 0, m.prepared);
  m.state = json.integer("state_bytes", 0, maxBytes);
  m.plan = json.integer("plan_bytes", 0, maxBytes);
  m.arenaPerRow = json.integer("arena_bytes_per_row", 0, maxBytes);
  m.conditionArenaPerRow =
      json.integer("condition_arena_bytes_per_row", 0, maxBytes);
  m.conditionRowFloats = json.integer("condition_row_floats", 0, maxBytes / 4);
  m.scratch = json.integer("scratch_bytes", 0, int64_t{1} << 36);
  return m;
}

static std::vector<WeightEntry> readWeights(const JsonReader &json) {
  std::vector<WeightEntry> weights;
  std::set<std::string> names;
  for (const JsonReader &entry : json.objects("weights")) {
    WeightEntry w{entry.string("name"),
                  entry.integers("shape", 1, maxElements)};
    int64_t product = 1;
    for (int64_t d : w.shape) {
      if (product > maxElements / d)
        fail("{} is {}, more elements than 2^40", entry.name("shape"),
             showShape(w.shape));
      product *= d;
    }
    if (!names.insert(w.name).second)
      fail("{} is {}, as is another weight's", entry.name("name"),
           inQuotes(w.name));
    weights.push_back(std::move(w));
  }
  return weights;
}

static std::vector<KernelEntry> readKernels(const JsonReader &json,
                                            const char *key, bool isCuda) {
  std::vector<KernelEntry> kernels;
  for (const JsonReader &k : json.objects(key)) {
    KernelEntry entry{k.string("name"),
                      k.string("kind"),
                      k.string("what"),
                      k.integer("macs", 0, maxCount),
                      k.integer("bytes", 0, maxCount),
                      {},
                      {}};
    if (isCuda && k.has("cublaslt") == k.has("launch"))
      fail("{} must have one of 'launch' and 'cublaslt', but has {}", k.name(),
           k.has("launch") ? "both" : "neither");
    if (isCuda && k.has("launch"))
      entry.launch = readLaunch(k.object("launch"));
    else if (isCuda)
      entry.cublasLt = readCublasLt(k.object("cublaslt"));
    kernels.push_back(std::move(entry));
  }
  return kernels;
}

/// Constraints between keys.
static void checkConsistency(const Manifest &m,
                             const std::vector<int64_t> &input,
                             const std::vector<int64_t> &output) {
  if (input[1] != output[1] || input[2] != output[2])
    fail("manifest key 'output' must keep the {}x{} of 'input', but is {}",
         input[1], input[2], showShape(output));
  int64_t expected = m.channels * (m.learnSigma ? 2 : 1);
  if (m.outputChannels != expected)
    fail("manifest key 'output' must have {} channels (learn_sigma {}), but "
         "has {}",
         expected, m.learnSigma, m.outputChannels);
  if (m.diffusion.variance == "learned_range" && !m.learnSigma)
    fail("manifest key 'diffusion.variance' is learned_range, but "
         "'learn_sigma' is "
         "false");
}

Manifest parseManifest(std::string_view text) {
  nlohmann::json value = parseJson(text, "the manifest");
  JsonReader json(value, "manifest");
  if (int64_t abi = json.integer("abi", 0, INT64_MAX); abi != DIT_ABI_VERSION)
    fail("the artifact speaks ABI version {}, this program version {}: compile "
         "the "
         "spec again with the ditc that belongs to it",
         abi, DIT_ABI_VERSION);
  Manifest m;
  m.compiler = json.string("compiler");
  m.name = json.string("name");
  m.spec = json.string("spec");
  m.specSha256 = json.string("spec_sha256");
  m.passes = json.strings("passes");
  m.target = json.string("target");
  bool isCuda = m.target == "cuda";
  m.arch = json.string("arch");
  m.features = json.strings("features");
  m.dtype = json.string("dtype");
  if (isCuda) {
    m.matmul = json.choice("matmul", {"generated", "cublaslt"});
    m.codeBytes = json.integer("code_bytes", 1, maxBytes);
    m.nvrtc = json.string("nvrtc");
  }
  m.space = json.choice("space", {"latent", "pixel"});
  std::vector<int64_t> input = readImageShape(json, "input");
  std::vector<int64_t> output = readImageShape(json, "output");
  m.channels = input[0], m.height = input[1], m.width = input[2];
  m.outputChannels = output[0];
  m.classes = json.integer("classes", 0, INT32_MAX - 1);
  m.labelDropout = json.boolean("label_dropout");
  m.learnSigma = json.boolean("learn_sigma");
  m.tokens = json.integer("tokens", 1, maxElements);
  m.parameters = json.integer("parameters", 0, maxCount);
  m.macs = json.integer("macs", 0, maxCount);
  m.diffusion = readDiffusion(json.object("diffusion"));
  m.guidance = readGuidance(json.object("guidance"), m.channels);
  m.memory = readMemory(json.object("memory"));
  m.weights = readWeights(json);
  m.ignoredWeights = json.strings("ignored_weights");
  JsonReader kernels = json.object("kernels");
  m.prepareKernels = readKernels(kernels, "prepare", isCuda);
  m.tabulateKernels = readKernels(kernels, "tabulate", isCuda);
  m.conditionKernels = readKernels(kernels, "condition", isCuda);
  m.denoiseKernels = readKernels(kernels, "denoise", isCuda);
  if (isCuda && json.has("step"))
    m.step = readLaunch(json.object("step").object("launch"));
  checkConsistency(m, input, output);
  return m;
}

} // namespace dit::runtime
