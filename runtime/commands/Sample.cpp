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
#include "runtime/commands/Messages.h"
#include "runtime/commands/SampleFlags.h"
#include "runtime/commands/SampleOutput.h"
#include "runtime/commands/SampleSeries.h"
#include "runtime/sampling/NonFinite.h"
#include "runtime/sampling/Sampling.h"

#include <nlohmann/json.hpp>

#include <filesystem>

namespace dit::runtime {
namespace {

/// The flags as they were given; what is empty is the model's default.
struct SampleFlags {
  std::string model, classes, output;
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
  if (flags.classes == "uniform" && flags.count == 0)
    failFlag("--classes uniform is for a series: give its --count");
  if (flags.classes == "uniform" && flags.repeat != 1)
    failFlag("--repeat has no effect: --classes uniform draws a label for each "
             "sample");
  if (flags.columns && !flags.output.ends_with(".png"))
    failFlag("--columns has no effect: it is of a .png, but the output is {}",
             inQuotes(flags.output));
}

SamplingPlan makePlan(const SampleFlags &flags, const Manifest &manifest) {
  SampleRequest request = defaultRequest(manifest);
  if (flags.count > 0 && flags.classes == "uniform")
    request.labels = {0};
  else
    request.labels =
        parseClasses(flags.classes, flags.repeat, manifest.classes);
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
  // The tensors count, not what their file is called.
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
  SamplingPlan plan = makePlan(flags, artifact->manifest(flags.device.size));
  auto weights = weightsOf(flags.weights, plan.request().seed, plan.manifest(),
                           flags.checkpoint);
  SampleSeries series = makeSeries(flags, plan, *weights);
  std::vector<int32_t> batch = plan.request().labels;
  batch.resize(
      static_cast<size_t>(std::min(plan.request().batch, flags.count)));
  std::unique_ptr<Denoiser> denoiser =
      load(flags, artifact, plan.of(batch, 0), *weights);
  sampleSeries(*denoiser, plan, series, flags.quiet);
}

void sampleCommand(const SampleFlags &flags) {
  auto artifact = std::make_shared<Artifact>(flags.model);
  const Manifest &manifest = artifact->manifest(flags.device.size);
  SamplingPlan plan = makePlan(flags, manifest);
  const int64_t count = plan.samples();
  int64_t columns = flags.columns.value_or(defaultColumns(count, flags.repeat));
  // Before the output, which must be none of its files.
  auto weights =
      weightsOf(flags.weights, plan.request().seed, manifest, flags.checkpoint);
  SampleOutput output(flags.output, manifest, count, columns);
  std::optional<Previews> previews;
  if (flags.preview) {
    previews.emplace(*flags.preview, flags.output, plan, columns);
    plan.setObserve([&](int64_t i, int64_t first, std::span<const float> x) {
      previews->observe(i, first, x);
    });
  }
  std::unique_ptr<Denoiser> denoiser = load(flags, artifact, plan, *weights);
  weights.reset();
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
                "classes: 207,360 or 0-9 or all; uniform with --count")
      ->required();
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
