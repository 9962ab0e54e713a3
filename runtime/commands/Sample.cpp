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
#include "runtime/commands/SampleOutput.h"
#include "runtime/commands/SampleSeries.h"
#include "runtime/sampling/Sampling.h"

#include <nlohmann/json.hpp>

#include <charconv>
#include <filesystem>
#include <set>

namespace dit::runtime {
namespace {

/// The flags as they were given; what is empty is the model's default.
struct SampleFlags {
  std::string model, classes, output;
  std::optional<std::string> preview;
  std::optional<std::string> weights;
  int64_t repeat = 1;
  std::optional<std::string> sampler, steps, variance;
  std::optional<std::string> cfgChannels, cfgFormula, cfgInterval;
  std::string rng = "counter";
  std::optional<double> eta, shift, cfgScale;
  std::optional<bool> clipX0;
  double cfgRescale = 0;
  std::optional<int64_t> columns;
  uint64_t seed = 0;
  int64_t count = 0; ///< of a series; 0 for none
  std::string shard = "1/1";
  DeviceOptions device;
  int64_t batch = 0, conditionMegabytes = 256;
  bool quiet = false;
};

std::optional<int64_t> parseChannels(const std::string &text) {
  if (text == "all")
    return std::nullopt;
  int64_t channels = 0;
  auto [end, problem] =
      std::from_chars(text.data(), text.data() + text.size(), channels);
  if (problem != std::errc() || end != text.data() + text.size())
    failFlag("--cfg-channels must be a number or all, but is {}",
             inQuotes(text));
  return channels;
}

TimeInterval parseInterval(const std::string &text) {
  TimeInterval interval{};
  const char *end = text.data() + text.size();
  auto low = std::from_chars(text.data(), end, interval.low);
  if (low.ec == std::errc() && low.ptr != end && *low.ptr == ',') {
    auto high = std::from_chars(low.ptr + 1, end, interval.high);
    if (high.ec == std::errc() && high.ptr == end)
      return interval;
  }
  failFlag("--cfg-interval must be LO,HI, two timesteps, but is {}",
           inQuotes(text));
}

void setGuidance(const SampleFlags &flags, SampleRequest &request) {
  // Another formula without another scale: guidance stays as strong.
  if (flags.cfgFormula && *flags.cfgFormula != request.guidanceFormula) {
    request.guidanceFormula = *flags.cfgFormula;
    request.guidanceScale += guidanceOf(request).fromConditional ? -1 : 1;
  }
  request.guidanceScale = flags.cfgScale.value_or(request.guidanceScale);
  if (flags.cfgChannels)
    request.guidanceChannels = parseChannels(*flags.cfgChannels);
  if (flags.cfgInterval)
    request.guidanceInterval = parseInterval(*flags.cfgInterval);
  request.guidanceRescale = flags.cfgRescale;
}

SampleRequest makeRequest(const SampleFlags &flags, const Manifest &manifest) {
  SampleRequest request = defaultRequest(manifest);
  if (flags.count > 0 && flags.classes == "uniform")
    request.labels = {0};
  else
    request.labels = parseClasses(flags.classes, flags.repeat);
  request.sampler = flags.sampler.value_or(request.sampler);
  request.steps = flags.steps.value_or(request.steps);
  request.eta = flags.eta.value_or(request.eta);
  request.variance = flags.variance;
  request.clipX0 = flags.clipX0;
  request.shift = flags.shift;
  setGuidance(flags, request);
  request.rng = flags.rng;
  request.seed = flags.seed;
  if (flags.batch > 0)
    request.batch = flags.batch;
  request.conditionBytes = flags.conditionMegabytes * 1'000'000;
  checkRequest(manifest, request);
  return request;
}

/// What made the samples, for the file's metadata.
nlohmann::ordered_json describeSettings(const SampleFlags &flags,
                                        const SampleRequest &request,
                                        const Manifest &manifest) {
  nlohmann::ordered_json settings = {
      {"model", manifest.name},
      {"spec_sha256", manifest.specSha256},
      {"size", manifest.resolution().show()},
      {"compiler", manifest.compiler},
      {"weights",
       flags.weights ? std::filesystem::path(*flags.weights).filename().string()
                     : "random"},
      {"classes", flags.classes},
      {"repeat", flags.repeat},
      {"sampler", request.sampler},
      {"steps", request.steps},
      {"eta", request.eta}};
  DiffusionDefaults diffusion = samplerSettings(manifest, request).diffusion;
  if (diffusion.prediction == "velocity")
    settings["shift"] = diffusion.shift;
  else
    settings["variance"] = diffusion.variance;
  settings["clip_x0"] = diffusion.clipX0;
  settings["cfg_scale"] = request.guidanceScale;
  settings["cfg_formula"] = request.guidanceFormula;
  if (request.guidanceChannels)
    settings["cfg_channels"] = *request.guidanceChannels;
  else
    settings["cfg_channels"] = "all";
  if (const auto &interval = request.guidanceInterval)
    settings["cfg_interval"] = {interval->low, interval->high};
  settings["cfg_rescale"] = request.guidanceRescale;
  settings["rng"] = request.rng;
  settings["seed"] = request.seed;
  return settings;
}

/// sha256sum of a file; of its files' "name sum" lines for a folder.
std::string identityOf(const std::string &path) {
  if (!std::filesystem::is_directory(path))
    return sha256(MappedFile(path).bytes());
  std::set<std::string> lines;
  for (const auto &entry : std::filesystem::recursive_directory_iterator(path))
    if (entry.is_regular_file())
      lines.insert(entry.path().lexically_relative(path).string() + " " +
                   sha256(MappedFile(entry.path()).bytes()) + "\n");
  std::string all;
  for (const std::string &line : lines)
    all += line;
  return sha256(all);
}

/// --count, with everything that is wrong with it found at once.
SampleSeries makeSeries(const SampleFlags &flags, const SampleRequest &request,
                        const Manifest &manifest) {
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
  series.settings = describeSettings(flags, request, manifest);
  series.settings["model_sha256"] = identityOf(flags.model);
  if (flags.weights)
    series.settings["weights_sha256"] = identityOf(*flags.weights);
  return series;
}

/// Opens the device, says what will be taken, and takes it. `request` is what
/// is sampled at a time.
std::unique_ptr<Denoiser> load(const SampleFlags &flags,
                               std::shared_ptr<const Artifact> artifact,
                               const SampleRequest &request) {
  const Manifest &manifest = artifact->manifest(flags.device.size);
  auto count = static_cast<int64_t>(request.labels.size());
  DeviceOptions options = flags.device;
  options.rows =
      std::min(request.batch, count) * (guidanceOf(request).isNone() ? 1 : 2);
  auto weights = weightsOf(flags.weights, flags.seed, manifest);
  std::unique_ptr<Device> device = openDevice(*artifact, options);
  int64_t all = flags.count > 0 ? flags.count : count;
  if (!flags.quiet)
    fmt::print(stderr, "{}: {} sample{}, {} steps of {}, guidance {}; {}\n",
               manifest.name, all, all == 1 ? "" : "s", request.steps,
               request.sampler, request.guidanceScale,
               describeMemory(*artifact, *device,
                              samplingBytes(device->manifest(), request)));
  if (!flags.weights)
    options.notice("no --weights: the model's are random, of the seed");
  return std::make_unique<Denoiser>(std::move(artifact), std::move(device),
                                    *weights);
}

void seriesCommand(const SampleFlags &flags, const std::string &tool) {
  auto artifact = std::make_shared<Artifact>(flags.model);
  const Manifest &manifest = artifact->manifest(flags.device.size);
  SampleRequest request = makeRequest(flags, manifest);
  SampleSeries series = makeSeries(flags, request, manifest);
  SampleRequest batch = request;
  batch.labels.resize(
      static_cast<size_t>(std::min(request.batch, flags.count)));
  std::unique_ptr<Denoiser> denoiser = load(flags, artifact, batch);
  sampleSeries(*denoiser, request, series, flags.quiet, tool);
}

void sampleCommand(const SampleFlags &flags, const std::string &tool) {
  auto artifact = std::make_shared<Artifact>(flags.model);
  const Manifest &manifest = artifact->manifest(flags.device.size);
  SampleRequest request = makeRequest(flags, manifest);
  auto count = static_cast<int64_t>(request.labels.size());
  int64_t columns = flags.columns.value_or(defaultColumns(count, flags.repeat));
  SampleOutput output(flags.output, manifest, count, columns);
  std::optional<Previews> previews;
  if (flags.preview) {
    auto sampler =
        makeSampler(request.sampler, samplerSettings(manifest, request));
    previews.emplace(*flags.preview, flags.output, manifest, count, columns,
                     sampler.size());
    request.observe = [&](int64_t i, int64_t first, std::span<const float> x) {
      previews->observe(i, first, x);
    };
  }
  std::unique_ptr<Denoiser> denoiser = load(flags, artifact, request);
  std::vector<float> samples;
  double seconds;
  {
    Progress progress;
    if (!flags.quiet)
      request.progress = [&](int64_t done, int64_t total) {
        progress.show(done, total);
      };
    samples = sample(*denoiser, request);
    seconds = progress.seconds();
  }
  if (int64_t bad = countNonFinite(manifest, samples))
    fmt::print(stderr,
               "{} sample: warning: {} of {} samples have values that are not "
               "finite\n",
               tool, bad, count);
  std::string settings =
      describeSettings(flags, request, manifest)
          .dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  if (previews)
    previews->write(settings);
  output.write(samples, settings);
  fmt::print("{}: {} samples of {} in {:.1f} s\n", flags.output, count,
             manifest.name, seconds);
}

/// "name: summary; name: summary".
template <typename Entry> std::string listEntries(std::span<Entry> entries) {
  std::string names;
  for (const Entry &entry : entries)
    names += fmt::format("{}{}: {}", names.empty() ? "" : "; ", entry.name,
                         entry.summary);
  return names;
}

} // namespace

void addSampleCommand(CLI::App &app) {
  auto flags = std::make_shared<SampleFlags>();
  CLI::App *c =
      app.add_subcommand("sample", "draw samples from a compiled model");
  c->add_option("model", flags->model, "the artifact, MODEL.so")->required();
  addWeightsFlag(*c, flags->weights);
  c->add_option("--classes", flags->classes,
                "classes: 207,360 or 0-9; uniform with --count")
      ->required();
  c->add_option("-o,--output", flags->output,
                "OUT.png, .npy, .npz or .safetensors")
      ->required();
  c->add_option("--repeat", flags->repeat,
                "samples of each class, a row of the picture")
      ->check(CLI::Range(int64_t{1}, int64_t{1'000'000}));
  c->add_option("--sampler", flags->sampler, listEntries(samplers()));
  c->add_option("--steps", flags->steps, "N evenly spread steps, or ddimN");
  c->add_option("--eta", flags->eta, "noise of ddim, 0 to 1");
  addSamplerFlags(*c, flags->variance, flags->clipX0, flags->shift);
  c->add_option("--cfg-scale", flags->cfgScale, "guidance; 1 is none")
      ->check(CLI::Range(0.0, 1e6));
  c->add_option("--cfg-formula", flags->cfgFormula,
                "what the scale s is of, with c and u the predictions with the "
                "label and without: scale, u + s (c - u), or weight, c + s (c "
                "- u), where 0 is none");
  c->add_option("--cfg-channels", flags->cfgChannels,
                "guided channels: N or all");
  c->add_option("--cfg-interval", flags->cfgInterval,
                "LO,HI: guide timesteps LO <= t <= HI only, as the network is "
                "told them (0 is clean, but of flows whose noise is at 0); "
                "elsewhere the unconditional pass is not computed");
  c->add_option(
       "--cfg-rescale", flags->cfgRescale,
       "0 to 1: how far the guided prediction's deviation goes back to "
       "the conditional one's")
      ->check(CLI::Range(0.0, 1.0));
  c->add_option("--rng", flags->rng, listEntries(noises()));
  addSeedFlag(*c, flags->seed);
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
  c->callback([flags, tool = app.get_name()] {
    if (flags->count > 0)
      seriesCommand(*flags, tool);
    else
      sampleCommand(*flags, tool);
  });
}

} // namespace dit::runtime
