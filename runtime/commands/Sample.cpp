// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ditc sample: labels and a seed in, pictures or arrays out.
#include "runtime/commands/ClassList.h"
#include "runtime/commands/Commands.h"
#include "runtime/commands/Progress.h"

#include "runtime/Error.h"
#include "runtime/Memory.h"
#include "runtime/OutputFile.h"
#include "runtime/Sampling.h"
#include "runtime/commands/SampleOutput.h"

#include <nlohmann/json.hpp>

#include <charconv>
#include <filesystem>

namespace dit::runtime {
namespace {

/// The flags as they were given; what is empty is the model's default.
struct SampleFlags {
  std::string model, weights, classes, output;
  int64_t repeat = 1;
  std::optional<std::string> sampler, steps, cfgChannels;
  std::optional<double> eta, cfgScale;
  std::optional<int64_t> columns;
  uint64_t seed = 0;
  int threads = 1;
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

SampleRequest makeRequest(const SampleFlags &flags, const Manifest &manifest) {
  SampleRequest request = defaultRequest(manifest);
  request.labels = parseClasses(flags.classes, flags.repeat);
  request.sampler = flags.sampler.value_or(request.sampler);
  request.steps = flags.steps.value_or(request.steps);
  request.eta = flags.eta.value_or(request.eta);
  request.guidanceScale = flags.cfgScale.value_or(request.guidanceScale);
  if (flags.cfgChannels)
    request.guidanceChannels = parseChannels(*flags.cfgChannels);
  request.seed = flags.seed;
  if (flags.batch > 0)
    request.batch = flags.batch;
  request.conditionBytes = flags.conditionMegabytes * 1'000'000;
  checkRequest(manifest, request);
  return request;
}

/// What made the samples, for the file's metadata.
std::string describeSettings(const SampleFlags &flags,
                             const SampleRequest &request,
                             const Manifest &manifest) {
  nlohmann::ordered_json settings = {
      {"model", manifest.name},
      {"spec_sha256", manifest.specSha256},
      {"compiler", manifest.compiler},
      {"weights", std::filesystem::path(flags.weights).filename().string()},
      {"classes", flags.classes},
      {"repeat", flags.repeat},
      {"sampler", request.sampler},
      {"steps", request.steps},
      {"eta", request.eta},
      {"cfg_scale", request.guidanceScale}};
  if (request.guidanceChannels)
    settings["cfg_channels"] = *request.guidanceChannels;
  else
    settings["cfg_channels"] = "all";
  settings["seed"] = request.seed;
  return settings.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

void sampleCommand(const SampleFlags &flags, const std::string &tool) {
  auto artifact = std::make_shared<Artifact>(flags.model);
  const Manifest &manifest = artifact->manifest();
  SampleRequest request = makeRequest(flags, manifest);
  auto count = static_cast<int64_t>(request.labels.size());
  SampleOutput output(
      flags.output, manifest, count,
      flags.columns.value_or(defaultColumns(count, flags.repeat)));
  std::unique_ptr<WeightSource> weights = openWeights(flags.weights, manifest);
  if (!flags.quiet)
    fmt::print(
        stderr,
        "{}: {} sample{}, {} steps of {}, guidance {}; memory: {} of weights, "
        "{} "
        "to work in\n",
        manifest.name, count, count == 1 ? "" : "s", request.steps,
        request.sampler, request.guidanceScale,
        showBytes(static_cast<double>(manifest.memory.prepared)),
        showBytes(static_cast<double>(samplingBytes(manifest, request))));
  Denoiser denoiser(artifact, *weights, flags.threads);
  weights.reset();

  std::vector<float> samples;
  double seconds;
  {
    Progress progress;
    if (!flags.quiet)
      request.progress = [&](int64_t done, int64_t total) {
        progress.show(done, total);
      };
    samples = sample(denoiser, request);
    seconds = progress.seconds();
  }
  if (int64_t bad = countNonFinite(manifest, samples))
    fmt::print(stderr,
               "{} sample: warning: {} of {} samples have values that are not "
               "finite\n",
               tool, bad, count);
  output.write(samples, describeSettings(flags, request, manifest));
  fmt::print("{}: {} samples of {} in {:.1f} s\n", flags.output, count,
             manifest.name, seconds);
}

} // namespace

void addSampleCommand(CLI::App &app) {
  auto flags = std::make_shared<SampleFlags>();
  CLI::App *c =
      app.add_subcommand("sample", "draw samples from a compiled model");
  c->add_option("model", flags->model, "the artifact, MODEL.so")->required();
  c->add_option("--weights", flags->weights, "weights, .safetensors")
      ->required();
  c->add_option("--classes", flags->classes, "classes: 207,360 or 0-9")
      ->required();
  c->add_option("-o,--output", flags->output,
                "OUT.png, .npy, .npz or .safetensors")
      ->required();
  c->add_option("--repeat", flags->repeat,
                "samples of each class, a row of the picture")
      ->check(CLI::Range(int64_t{1}, int64_t{1'000'000}));
  std::string names;
  for (const SamplerEntry &entry : samplers())
    names += fmt::format("{}{}: {}", names.empty() ? "" : "; ", entry.name,
                         entry.summary);
  c->add_option("--sampler", flags->sampler, names);
  c->add_option("--steps", flags->steps, "N evenly spread steps, or ddimN");
  c->add_option("--eta", flags->eta, "noise of ddim, 0 to 1");
  c->add_option("--cfg-scale", flags->cfgScale, "guidance; 1 is none")
      ->check(CLI::Range(0.0, 1e6));
  c->add_option("--cfg-channels", flags->cfgChannels,
                "guided channels: N or all");
  addSeedFlag(*c, flags->seed);
  c->add_option("--columns", flags->columns, "samples in a row of the picture")
      ->check(CLI::Range(int64_t{1}, int64_t{1'000'000}));
  c->add_option("--batch", flags->batch,
                "samples an evaluation; the result is the same")
      ->check(CLI::Range(int64_t{1}, int64_t{1'000'000}));
  c->add_option("--condition-memory", flags->conditionMegabytes,
                "MB of condition rows kept at a time (default 256)")
      ->check(CLI::Range(int64_t{1}, int64_t{1'000'000}));
  addThreadsFlag(*c, flags->threads);
  c->add_flag("--quiet", flags->quiet, "no progress on stderr");
  c->callback([flags, tool = app.get_name()] { sampleCommand(*flags, tool); });
}

} // namespace dit::runtime
