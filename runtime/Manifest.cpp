// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The manifest's keys, each with its bounds, and what must hold between them.
#include "runtime/Manifest.h"

#include "runtime/Abi.h"
#include "runtime/Error.h"
#include "runtime/JsonFields.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <set>

namespace dit::runtime {

// Bounds that no model of this decade reaches, and whose products fit int64.
static constexpr int64_t maxSide = 1 << 16;
static constexpr int64_t maxElements = int64_t{1} << 40;
static constexpr int64_t maxBytes = int64_t{1} << 44;
static constexpr int64_t maxCount = int64_t{1} << 60;

static int64_t productOf(const std::vector<int64_t> &shape) {
  int64_t product = 1;
  for (int64_t d : shape)
    product *= d;
  return product;
}

int64_t WeightEntry::elements() const { return productOf(shape); }

int64_t PortEntry::elements() const { return productOf(shape); }

std::string showShape(const std::vector<int64_t> &shape) {
  return shape.empty() ? "scalar" : fmt::format("{}", fmt::join(shape, "x"));
}

/// Throws for a shape of too many elements.
template <class Fields>
static void checkElements(const Fields &f, const std::vector<int64_t> &shape) {
  int64_t product = 1;
  for (int64_t d : shape) {
    if (product > maxElements / d)
      fail("{} is {}, more elements than 2^40", f.name("shape"),
           showShape(shape));
    product *= d;
  }
}

template <class Fields> static void describe(Fields &f, DiffusionDefaults &d) {
  f.choice("prediction", d.prediction,
           {"epsilon", "velocity", "v_prediction", "sample"});
  bool isFlow = d.prediction == "velocity";
  f.integer("steps", d.steps, 1, 1000000);
  f.choice("schedule", d.schedule,
           {"linear", "squared_cosine", "quadratic", "scaled_linear"});
  f.number("beta_start", d.betaStart, 1e-12, 0.999999);
  f.number("beta_end", d.betaEnd, 1e-12, 0.999999);
  f.boolean("zero_terminal_snr", d.zeroTerminalSnr);
  if (d.zeroTerminalSnr && d.prediction == "epsilon")
    fail("{} is true, but the prediction is epsilon",
         f.name("zero_terminal_snr"));
  f.string("sampler", d.sampler);
  f.integer("sample_steps", d.sampleSteps, 1, isFlow ? 100'000 : d.steps);
  f.number("eta", d.eta, 0, 1);
  f.choice("variance", d.variance,
           {"learned_range", "fixed_large", "fixed_small"});
  f.boolean("clip_x0", d.clipX0);
  f.integer("noise_at", d.noiseAt, 0, 1);
  std::string velocity = d.velocityToNoise ? "to_noise" : "to_data";
  f.choice("velocity", velocity, {"to_noise", "to_data"});
  d.velocityToNoise = velocity == "to_noise";
  f.number("time_scale", d.timeScale, 1e-6, 1e6);
  f.number("shift", d.shift, 1e-6, 1e6);
}

template <class Fields> static void describe(Fields &f, GuidanceDefaults &g) {
  f.number("scale", g.scale, 0, 1e6);
  f.choice("formula", g.formula, {"scale", "weight"});
  f.optionalInteger("channels", g.channels, 1, maxSide, "all");
}

template <class Fields> static void describe(Fields &f, MemorySizes &m) {
  f.integer("prepared_bytes", m.prepared, 0, maxBytes);
  f.integer("shared_bytes", m.shared, 0, m.prepared);
  f.integer("scratch_bytes", m.scratch, 0, int64_t{1} << 36);
}

template <class Fields> static void describe(Fields &f, WeightEntry &w) {
  f.string("name", w.name);
  f.integers("shape", w.shape, 1, maxElements);
  checkElements(f, w.shape);
}

template <class Fields> static void describe(Fields &f, PortEntry &port) {
  f.string("name", port.name);
  f.choice("every", port.every, {kEveryPrompt, kEveryCondition, kEveryStep});
  f.choice("dtype", port.dtype, {"f32", "i32"});
  f.optionalString("null_value", port.nullValue);
  f.integerUnless0("choices", port.choices, INT32_MAX);
  f.integers("shape", port.shape, 1, maxElements);
  checkElements(f, port.shape);
}

template <class Fields> static void describe(Fields &f, KernelEntry &k) {
  f.string("name", k.name);
  f.string("kind", k.kind);
  f.string("what", k.what);
  f.integer("macs", k.macs, 0, maxCount);
  f.integer("bytes", k.bytes, 0, maxCount);
  f.optionalObject("launch", k.launch);
  f.optionalObject("cublaslt", k.cublasLt);
}

template <class Fields> static void describe(Fields &f, FunctionEntry &e) {
  f.string("name", e.name);
  f.choice("every", e.every,
           {kEveryLoad, kEveryPrompt, kEveryCondition, kEveryStep});
  f.boolean("reads_weights", e.readsWeights);
  f.strings("inputs", e.inputs);
  f.strings("tables", e.tables);
  f.integer("arena_bytes_per_row", e.arenaPerRow, 0, maxBytes);
  f.integer("row_floats", e.rowFloats, 0, maxBytes / 4);
  f.objects("kernels", e.kernels);
}

template <class Fields> static void describe(Fields &f, PositionTable &table) {
  constexpr int64_t largest = 1 << 20;
  f.integer("rows", table.rows, 1, largest);
  f.integer("columns", table.columns, 1, largest);
  f.integer("width", table.width, 4, largest);
  f.number("row_scale", table.rowScale, 1e-6, 1e6);
  f.number("column_scale", table.columnScale, 1e-6, 1e6);
}

template <class Fields> static void describe(Fields &f, ConfigEntry &entry) {
  f.string("key", entry.key);
  f.string("value", entry.value);
  f.string("spec", entry.spec);
}

template <class Fields> static void describe(Fields &f, LayoutWeight &w) {
  f.string("name", w.name);
  f.string("is", w.expression);
  // Throws for what nothing could be read by.
  std::function<void(const LayoutExpression &)> check =
      [&](const LayoutExpression &e) {
        if (e.kind == LayoutExpression::Kind::Rows)
          rowOf(e.from), rowOf(e.to);
        for (const LayoutExpression &operand : e.operands)
          check(operand);
      };
  try {
    check(parseLayoutExpression(w.expression));
  } catch (const Error &e) {
    fail("{}: {}", f.name("is"), e.what());
  }
}

template <class Fields> static void describe(Fields &f, Layout &layout) {
  f.string("name", layout.name);
  f.objects("weights", layout.weights);
}

/// What else is compared with a checkpoint.
struct CheckpointEntry {
  std::vector<Layout> layouts;
  std::vector<PositionTable> positionTables;
  std::vector<ConfigEntry> config;
};

template <class Fields>
static void describe(Fields &f, CheckpointEntry &checkpoint) {
  f.optionalObjects("layouts", checkpoint.layouts);
  f.objects("position_tables", checkpoint.positionTables);
  f.objects("config", checkpoint.config);
}

/// A step's launch, in an object that may once say more of the step.
struct StepEntry {
  LaunchEntry launch;
};

template <class Fields> static void describe(Fields &f, StepEntry &step) {
  f.object("launch", step.launch);
}

template <class Fields> static void describe(Fields &f, Manifest &m) {
  f.string("compiler", m.compiler);
  f.string("name", m.name);
  f.string("spec", m.spec);
  f.string("spec_sha256", m.specSha256);
  f.strings("passes", m.passes);
  f.string("target", m.target);
  f.string("arch", m.arch);
  f.strings("features", m.features);
  f.string("dtype", m.dtype);
  if (m.target == "cuda") {
    f.choice("matmul", m.matmul, {"generated", "cublaslt"});
    f.integer("code_bytes", m.codeBytes, 1, maxBytes);
    f.string("nvrtc", m.nvrtc);
  }
  f.choice("space", m.space, {"latent", "pixel"});
  f.objects("inputs", m.inputs);
  f.objects("outputs", m.outputs);
  f.integer("classes", m.classes, 0, INT32_MAX - 1);
  f.boolean("label_dropout", m.labelDropout);
  f.boolean("learn_sigma", m.learnSigma);
  f.integer("tokens", m.tokens, 1, maxElements);
  f.integer("parameters", m.parameters, 0, maxCount);
  f.integer("macs", m.macs, 0, maxCount);
  f.object("diffusion", m.diffusion);
  f.object("guidance", m.guidance);
  f.object("memory", m.memory);
  f.objects("weights", m.weights);
  f.strings("ignored_weights", m.ignoredWeights);
  CheckpointEntry checkpoint{m.layouts, m.positionTables, m.config};
  f.object("checkpoint", checkpoint);
  m.layouts = checkpoint.layouts;
  m.positionTables = checkpoint.positionTables;
  m.config = checkpoint.config;
  f.objects("functions", m.functions);
  std::optional<StepEntry> step;
  if (m.step)
    step = StepEntry{*m.step};
  f.optionalObject("step", step);
  m.step.reset();
  if (step)
    m.step = step->launch;
}

/// The shape of an image (C, H, W) whose product stays below 2^31.
static const std::vector<int64_t> &imageShape(const char *list,
                                              const PortEntry &port) {
  const std::vector<int64_t> &shape = port.shape;
  if (shape.size() != 3 || port.dtype != "f32")
    fail("manifest key '{}': {} must be f32 of three dimensions (C, H, W), but "
         "is {} of {}",
         list, inQuotes(port.name), port.dtype, showShape(shape));
  if (port.elements() >= int64_t{1} << 31 ||
      std::max({shape[0], shape[1], shape[2]}) > maxSide)
    fail("manifest key '{}': {} is {}, more elements than 2^31 or a side over "
         "{}",
         list, inQuotes(port.name), showShape(shape), maxSide);
  return shape;
}

/// Throws for an entry whose name another one has.
template <typename T>
static std::set<std::string> namesOf(const char *list,
                                     const std::vector<T> &entries) {
  std::set<std::string> names;
  for (size_t i = 0; i < entries.size(); ++i)
    if (!names.insert(entries[i].name).second)
      fail("manifest key '{}[{}].name' is {}, as is another's", list, i,
           inQuotes(entries[i].name));
  return names;
}

/// What functions read is there, and slower ones come first.
static void checkFunctions(const Manifest &m) {
  const auto inputs = namesOf("inputs", m.inputs);
  namesOf("functions", m.functions);
  std::set<std::string> tables; // filled by earlier functions
  for (const FunctionEntry &function : m.functions) {
    for (const std::string &name : function.inputs)
      if (!inputs.contains(name))
        fail("manifest key 'functions': {} reads the input {}, which 'inputs' "
             "does not list",
             inQuotes(function.name), inQuotes(name));
    for (const std::string &name : function.tables)
      if (!tables.contains(name))
        fail("manifest key 'functions': {} reads the table of {}, which no "
             "function before it fills",
             inQuotes(function.name), inQuotes(name));
    if (function.rowFloats > 0)
      tables.insert(function.name);
    for (const KernelEntry &kernel : function.kernels)
      if (kernel.launch && kernel.cublasLt)
        fail("manifest key 'functions': {} of {} must have one of 'launch' and "
             "'cublaslt', but has both",
             inQuotes(kernel.name), inQuotes(function.name));
      else if (m.target == "cuda" && !kernel.launch && !kernel.cublasLt)
        fail("manifest key 'functions': {} of {} must have one of 'launch' and "
             "'cublaslt', but has neither",
             inQuotes(kernel.name), inQuotes(function.name));
  }
  if (m.functions.empty() || m.network().every != kEveryStep)
    fail("manifest key 'functions' must end with one that runs every step");
}

/// Constraints between keys; fills in what follows from the lists.
static void finish(Manifest &m) {
  if (m.target != "cuda") {
    // A CPU's launches carry their task: what a GPU's would say is not read.
    m.step.reset();
    for (FunctionEntry &function : m.functions)
      for (KernelEntry &kernel : function.kernels)
        kernel.launch.reset(), kernel.cublasLt.reset();
  }
  namesOf("weights", m.weights);
  checkFunctions(m);
  const PortEntry *x = m.findInput("x");
  if (!x || m.outputs.empty())
    fail("manifest key '{}' must list {}", x ? "outputs" : "inputs",
         x ? "what the network gives" : "'x'");
  const auto &input = imageShape("inputs", *x);
  const auto &output = imageShape("outputs", m.outputs[0]);
  m.channels = input[0], m.height = input[1], m.width = input[2];
  m.outputChannels = output[0];
  if (input[1] != output[1] || input[2] != output[2])
    fail("manifest key 'outputs' must keep the {}x{} of 'x', but is {}",
         input[1], input[2], showShape(output));
  int64_t expected = m.channels * (m.learnSigma ? 2 : 1);
  if (m.outputChannels != expected)
    fail("manifest key 'outputs' must have {} channels (learn_sigma {}), but "
         "has {}",
         expected, m.learnSigma, m.outputChannels);
  if (m.diffusion.variance == "learned_range" && !m.learnSigma)
    fail("manifest key 'diffusion.variance' is learned_range, but "
         "'learn_sigma' is "
         "false");
  if (m.guidance.channels && *m.guidance.channels > m.channels)
    fail("manifest key 'guidance.channels' must be an integer from 1 to {}, "
         "but is {}",
         m.channels, *m.guidance.channels);
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
  FieldReader fields(json);
  describe(fields, m);
  finish(m);
  return m;
}

std::string writeManifest(Manifest manifest) {
  FieldWriter fields;
  fields.integer("abi", DIT_ABI_VERSION, 0, INT64_MAX);
  finish(manifest);
  describe(fields, manifest);
  return fields.text();
}

std::optional<size_t> Manifest::findFunction(std::string_view name) const {
  for (size_t i = 0; i < functions.size(); ++i)
    if (functions[i].name == name)
      return i;
  return std::nullopt;
}

const PortEntry *Manifest::findInput(std::string_view name) const {
  for (const PortEntry &input : inputs)
    if (input.name == name)
      return &input;
  return nullptr;
}

int64_t Manifest::rowFloats() const {
  int64_t floats = 0;
  for (const FunctionEntry &function : functions)
    floats += function.rowFloats;
  return floats;
}

int64_t Manifest::tableArenaPerRow() const {
  int64_t bytes = 0;
  for (const FunctionEntry &function : functions)
    if (function.rowFloats > 0)
      bytes += function.arenaPerRow;
  return bytes;
}

} // namespace dit::runtime
