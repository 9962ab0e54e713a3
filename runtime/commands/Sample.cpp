// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ditc sample: labels and a seed in, pictures or arrays out.
#include "runtime/commands/ClassList.h"
#include "runtime/commands/Commands.h"
#include "runtime/commands/Previews.h"
#include "runtime/commands/Progress.h"

#include "runtime/Error.h"
#include "runtime/MappedFile.h"
#include "runtime/Memory.h"
#include "runtime/OutputFile.h"
#include "runtime/Sha256.h"
#include "runtime/commands/InputTensors.h"
#include "runtime/commands/Messages.h"
#include "runtime/commands/SampleFlags.h"
#include "runtime/commands/SampleOutput.h"
#include "runtime/commands/SampleSeries.h"
#include "runtime/sampling/NonFinite.h"
#include "runtime/sampling/Sampling.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>

namespace dit::runtime {
namespace {

/// The flags as they were given; what is empty is the model's default.
struct SampleFlags {
  std::string model, classes, output;
  std::vector<std::string> inputs, nulls;
  std::optional<std::string> preview;
  std::optional<std::string> weights;
  CheckpointOptions checkpoint;
  bool randomWeights = false;
  int64_t repeat = 1;
  ChoiceFlags choices;
  std::optional<int64_t> columns;
  int64_t count = 0; ///< of a series; 0 for none
  std::string shard = "1/1";
  DeviceOptions device;
  int64_t batch = 0, conditionMegabytes = 256;
  bool quiet = false;
};

/// Flags that do not go together.
void checkFlags(const SampleFlags &flags) {
  if (!flags.weights && !flags.randomWeights)
    failFlag("the weights are missing: give --weights FILE, or "
             "--random-weights for random ones of the seed");
  if (flags.classes == "uniform" && !flags.inputs.empty())
    failFlag("--classes uniform draws a class for each sample, beside which "
             "--input would have no row");
  if (flags.classes == "uniform" && flags.count == 0)
    failFlag("--classes uniform is for a series: give its --count");
  if (flags.classes == "uniform" && flags.repeat != 1)
    failFlag("--repeat has no effect: --classes uniform draws a label for each "
             "sample");
  if (flags.columns && !flags.output.ends_with(".png"))
    failFlag("--columns has no effect: it is of a .png, but the output is {}",
             inQuotes(flags.output));
}

/// Opened when they are wanted first, after what else may be wrong.
class Weights {
public:
  explicit Weights(const SampleFlags &flags) : flags(flags) {}
  WeightSource &get(const Manifest &manifest) {
    auto seed = flags.choices.find("seed");
    if (!source)
      source =
          weightsOf(flags.weights,
                    seed == flags.choices.end() ? 0 : parseSeed(seed->second),
                    manifest, flags.checkpoint);
    return *source;
  }
  void close() { source.reset(); }

private:
  const SampleFlags &flags;
  std::unique_ptr<WeightSource> source;
};

/// Whether samples are told no more than a class.
bool isToldClasses(const SampleFlags &flags, const Manifest &manifest) {
  return manifest.findInput("y") && flags.inputs.empty() &&
         flags.nulls.empty() &&
         std::all_of(manifest.inputs.begin(), manifest.inputs.end(),
                     [](const PortEntry &input) {
                       return input.name == "x" || input.name == "t" ||
                              input.name == "y";
                     });
}

void addClasses(const SampleFlags &flags, const Manifest &manifest,
                SampleRequest &request) {
  if (flags.classes.empty())
    failFlag("the classes are missing: give --classes 207,360 or 0-9 or all");
  request.labels =
      flags.classes == "uniform"
          ? std::vector<int32_t>{0}
          : parseClasses(flags.classes, flags.repeat, manifest.classes);
}

/// Rows of --input, and of --classes beside them, each --repeat times.
void addInputs(const SampleFlags &flags, const Manifest &manifest,
               Weights &weights, SampleRequest &request) {
  std::map<std::string, InputRows> inputs = readInputs(manifest, flags.inputs);
  if (!flags.classes.empty()) {
    if (!manifest.findInput("y"))
      failFlag("--classes has no effect: {} is told no class",
               inQuotes(manifest.name));
    if (inputs.contains("y"))
      failFlag("--classes and --input y say the same twice");
    std::vector<int32_t> labels =
        parseClasses(flags.classes, 1, manifest.classes);
    checkLabels(manifest, labels);
    inputs["y"] = {{reinterpret_cast<const char *>(labels.data()),
                    labels.size() * sizeof(int32_t)},
                   std::ssize(labels)};
  }
  std::map<std::string, NullValue> nulls = readNulls(manifest, flags.nulls);
  nulls.merge(defaultNulls(
      manifest, [&]() -> WeightSource & { return weights.get(manifest); }));
  request.conditions = Conditions::of(manifest, std::move(inputs), nulls);
  for (int64_t row = 0; row < request.conditions->rows(); ++row)
    request.labels.insert(request.labels.end(), flags.repeat,
                          static_cast<int32_t>(row));
}

SamplingPlan makePlan(const SampleFlags &flags, const Manifest &manifest,
                      Weights &weights) {
  SampleRequest request = defaultRequest(manifest);
  if (isToldClasses(flags, manifest))
    addClasses(flags, manifest, request);
  else
    addInputs(flags, manifest, weights, request);
  applyChoiceFlags(flags.choices, request);
  if (flags.batch > 0)
    request.batch = flags.batch;
  request.conditionBytes = flags.conditionMegabytes * 1'000'000;
  return SamplingPlan(manifest, std::move(request));
}

/// What made the samples, for the file's metadata.
nlohmann::ordered_json describeSettings(const SampleFlags &flags,
                                        const SamplingPlan &plan) {
  const Manifest &manifest = plan.manifest();
  nlohmann::ordered_json settings = {
      {"model", manifest.name},
      {"spec_sha256", manifest.specSha256},
      {"size", manifest.resolution().show()},
      {"compiler", manifest.compiler},
      {"weights",
       flags.weights ? std::filesystem::path(*flags.weights).filename().string()
                     : "random"},
      {"classes", flags.classes},
      {"repeat", flags.repeat}};
  if (!flags.inputs.empty())
    settings["inputs"] = flags.inputs;
  if (!flags.nulls.empty())
    settings["nulls"] = flags.nulls;
  settings.update(describeChoices(plan));
  return settings;
}

/// --count, with everything that is wrong with it found at once.
SampleSeries makeSeries(const SampleFlags &flags, const SamplingPlan &plan,
                        const WeightSource &weights) {
  const SampleRequest &request = plan.request();
  if (!flags.output.ends_with(".npz"))
    failFlag("--count writes an .npz, but the output is {}",
             inQuotes(flags.output));
  if (request.rng != "counter")
    failFlag("--count draws a sample by its number, which --rng {} cannot do: "
             "use counter",
             request.rng);
  parseShard(flags.shard, flags.count);
  SampleSeries series{flags.output, flags.count, flags.shard, {}, {}};
  if (flags.classes != "uniform")
    series.labels = request.labels;
  series.settings = describeSettings(flags, plan);
  series.settings["model_sha256"] = sha256(MappedFile(flags.model).bytes());
  // What is told and the tensors count, not what their files are called.
  if (!request.conditions->areLabels()) {
    series.settings.erase("inputs");
    series.settings.erase("nulls");
    series.settings["conditions_sha256"] = request.conditions->identity();
  }
  if (flags.weights) {
    series.settings.erase("weights");
    series.settings["weights_sha256"] = weights.identity();
  }
  return series;
}

std::string showSteps(const SamplingPlan &plan) {
  const SampleRequest &request = plan.request();
  bool isListed = !request.timesteps.empty() || !request.sigmas.empty();
  return isListed ? std::to_string(plan.evaluations()) : request.steps;
}

/// Opens the device, says what will be taken, and takes it. `plan` is of what
/// is sampled at a time.
std::unique_ptr<Denoiser> load(const SampleFlags &flags,
                               std::shared_ptr<const Artifact> artifact,
                               const SamplingPlan &plan,
                               WeightSource &weights) {
  const Manifest &manifest = plan.manifest();
  const SampleRequest &request = plan.request();
  DeviceOptions options = flags.device;
  options.rows = plan.batch() * (plan.guidance().isNone() ? 1 : 2);
  std::unique_ptr<Device> device = openDevice(*artifact, options);
  int64_t all = flags.count > 0 ? flags.count : plan.samples();
  if (!flags.quiet)
    say("{}: {} sample{}, {} steps of {}, guidance {}; {}\n", manifest.name,
        all, all == 1 ? "" : "s", showSteps(plan), request.sampler,
        request.guidanceScale,
        describeMemory(*artifact, *device,
                       samplingBytes(device->manifest(), plan)));
  return std::make_unique<Denoiser>(std::move(artifact), std::move(device),
                                    weights);
}

void seriesCommand(const SampleFlags &flags) {
  auto artifact = std::make_shared<Artifact>(flags.model);
  const Manifest &manifest = artifact->manifest(flags.device.size);
  Weights weights(flags);
  SamplingPlan plan = makePlan(flags, manifest, weights);
  SampleSeries series = makeSeries(flags, plan, weights.get(manifest));
  std::vector<int32_t> batch = plan.request().labels;
  batch.resize(
      static_cast<size_t>(std::min(plan.request().batch, flags.count)));
  std::unique_ptr<Denoiser> denoiser =
      load(flags, artifact, plan.of(batch, 0), weights.get(manifest));
  sampleSeries(*denoiser, plan, series, flags.quiet);
}

void sampleCommand(const SampleFlags &flags) {
  auto artifact = std::make_shared<Artifact>(flags.model);
  const Manifest &manifest = artifact->manifest(flags.device.size);
  Weights weights(flags);
  SamplingPlan plan = makePlan(flags, manifest, weights);
  const int64_t count = plan.samples();
  int64_t columns = flags.columns.value_or(defaultColumns(count, flags.repeat));
  weights.get(manifest); // before the output, which must be none of its files
  SampleOutput output(flags.output, manifest, count, columns);
  std::optional<Previews> previews;
  if (flags.preview) {
    previews.emplace(*flags.preview, flags.output, plan, columns);
    plan.setObserve([&](int64_t i, int64_t first, std::span<const float> x) {
      previews->observe(i, first, x);
    });
  }
  std::unique_ptr<Denoiser> denoiser =
      load(flags, artifact, plan, weights.get(manifest));
  weights.close();
  std::vector<float> samples;
  double seconds;
  {
    Progress progress;
    if (!flags.quiet)
      plan.setProgress(
          [&](int64_t done, int64_t total) { progress.show(done, total); });
    samples = sample(*denoiser, plan);
    seconds = progress.seconds();
  }
  requireFinite(*denoiser, plan, samples);
  std::string settings =
      describeSettings(flags, plan)
          .dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  if (previews)
    previews->write(settings);
  output.write(samples, settings);
  announce(flags.output, "{} samples of {} in {:.1f} s\n", count, manifest.name,
           seconds);
}

} // namespace

void addSampleCommand(CLI::App &app) {
  auto flags = std::make_shared<SampleFlags>();
  CLI::App *c =
      app.add_subcommand("sample", "draw samples from a compiled model");
  c->add_option("model", flags->model, "the artifact, MODEL.so")->required();
  addWeightsFlag(*c, flags->weights, flags->checkpoint);
  c->add_flag("--random-weights", flags->randomWeights,
              "random weights of the seed")
      ->excludes("--weights");
  c->add_option("--classes", flags->classes,
                "classes: 207,360 or 0-9 or all; uniform with --count");
  c->add_option("--input", flags->inputs,
                "NAME=FILE[:TENSOR] or NAME=NUMBER: rows of another input of "
                "the model, a sample each, or one for all");
  c->add_option("--null", flags->nulls,
                "NAME=FILE[:TENSOR], NAME=zeros or NAME=same: what guidance "
                "tells in place of that input");
  c->add_option("-o,--output", flags->output,
                "OUT.png, .npy, .npz or .safetensors, or - for .npy on "
                "standard output")
      ->required();
  c->add_option("--repeat", flags->repeat,
                "samples of each class, a row of the picture")
      ->check(CLI::Range(int64_t{1}, int64_t{1'000'000}));
  addChoiceFlags(*c, flags->choices, /*ofTableOnly=*/false);
  CLI::Option *columns =
      c->add_option("--columns", flags->columns,
                    "samples in a row of the picture")
          ->check(CLI::Range(int64_t{1}, int64_t{1'000'000}));
  CLI::Option *count =
      c->add_option("--count", flags->count,
                    "samples, with --classes over and over, or uniform, into "
                    "an .npz (N,H,W,C); goes on where it was killed")
          ->check(CLI::Range(int64_t{1}, int64_t{1'000'000'000}))
          ->excludes(columns);
  c->add_option("--preview", flags->preview,
                "0,10,50: write the samples after so many evaluations too, "
                "beside -o as OUT.step10.png")
      ->excludes(count);
  c->add_option("--shard", flags->shard,
                "I/N: the I-th of N parts of --count; ditc join joins them")
      ->needs(count);
  c->add_option("--batch", flags->batch,
                "samples an evaluation; the result is the same")
      ->check(CLI::Range(int64_t{1}, int64_t{1'000'000}));
  c->add_option("--condition-memory", flags->conditionMegabytes,
                "MB of condition rows kept at a time (default 256)")
      ->check(CLI::Range(int64_t{1}, int64_t{1'000'000}));
  addDeviceFlags(*c, flags->device);
  c->add_flag("--quiet", flags->quiet, "no progress on stderr");
  c->callback([flags] {
    checkFlags(*flags);
    if (flags->count > 0)
      seriesCommand(*flags);
    else
      sampleCommand(*flags);
  });
}

} // namespace dit::runtime
