// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ditc bench: the time of one evaluation of @denoise, kernel by kernel, beside
// the FMA peak measured between the evaluations.
#include "runtime/commands/Commands.h"

#include "runtime/Denoiser.h"
#include "runtime/Error.h"
#include "runtime/Noise.h"
#include "runtime/cpu/FmaPeak.h"

#include <nlohmann/json.hpp>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <map>

namespace dit::runtime {
namespace {

struct BenchFlags {
  std::string model;
  std::optional<std::string> weights;
  int64_t batch = 1, repeat = 20;
  uint64_t seed = 0;
  int threads = 1;
  bool json = false;
};

/// All launches of one kernel, by name.
struct KernelRow {
  std::string name, kind;
  int64_t count = 0;
  double ms = 0;    ///< of one evaluation, the mean over the repetitions
  double flops = 0; ///< of one evaluation
};

struct Measurement {
  double loadSeconds = 0, conditionMs = 0;
  std::vector<double> ms, peaks, percents; ///< by repetition
  std::vector<KernelRow> kernels;          ///< the longest first
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  size_t n = values.size();
  return n == 0 ? 0 : (values[(n - 1) / 2] + values[n / 2]) / 2;
}

using Clock = std::chrono::steady_clock;
double secondsSince(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

std::vector<KernelRow> sumKernels(const std::vector<KernelEntry> &entries,
                                  const std::vector<double> &seconds,
                                  const BenchFlags &flags) {
  std::map<std::string, KernelRow> rows;
  for (size_t i = 0; i < entries.size(); ++i) {
    KernelRow &row = rows[entries[i].name];
    row.name = entries[i].name;
    row.kind = entries[i].kind;
    ++row.count;
    row.ms += i < seconds.size()
                  ? seconds[i] * 1e3 / static_cast<double>(flags.repeat)
                  : 0;
    row.flops += 2.0 * static_cast<double>(entries[i].macs * flags.batch);
  }
  std::vector<KernelRow> sorted;
  for (auto &[name, row] : rows)
    sorted.push_back(row);
  std::sort(sorted.begin(), sorted.end(), [](const auto &a, const auto &b) {
    return std::pair(-a.ms, a.name) < std::pair(-b.ms, b.name);
  });
  return sorted;
}

Measurement measure(const BenchFlags &flags,
                    std::shared_ptr<const Artifact> artifact) {
  const Manifest &m = artifact->manifest();
  Measurement result;
  auto begin = Clock::now();
  auto weights = flags.weights ? openWeights(*flags.weights, m)
                               : randomWeights(flags.seed, m);
  Denoiser denoiser(artifact, *weights, flags.threads);
  weights.reset();
  result.loadSeconds = secondsSince(begin);

  // One timestep and label a sample, as different as the model has them.
  std::vector<float> t;
  std::vector<int32_t> y, rowIndex;
  for (int64_t i = 0; i < flags.batch; ++i) {
    t.push_back(static_cast<float>((i * 37 + 500) % m.diffusion.steps));
    y.push_back(static_cast<int32_t>(m.classes > 0 ? i % m.classes : 0));
    rowIndex.push_back(static_cast<int32_t>(i));
  }
  Memory table(flags.batch * m.memory.conditionRowFloats * 4,
               "the condition table");
  begin = Clock::now();
  denoiser.condition(t, y, table.as<float>());
  result.conditionMs = secondsSince(begin) * 1e3;

  std::vector<float> x(flags.batch * m.sampleFloats());
  for (int64_t i = 0; i < flags.batch; ++i)
    CounterNoise(flags.seed)
        .normal(i, Noise::initial, 0,
                {x.data() + i * m.sampleFloats(),
                 static_cast<size_t>(m.sampleFloats())});
  Memory out(flags.batch * m.outputFloats() * 4, "the predictions");
  Plan plan(denoiser, flags.batch);
  auto evaluate = [&] {
    plan.denoise(x.data(), rowIndex.data(), table.as<float>(), out.as<float>());
  };

  evaluate(); // touches all memory
  begin = Clock::now();
  evaluate();
  // As long as a fair part of an evaluation, so that a busy machine slows both
  // alike.
  double peakSeconds = std::clamp(secondsSince(begin) / 2, 0.01, 0.25);
  ThreadPool &pool = denoiser.device().pool();
  measureFmaPeak(pool, 0.05); // wakes the vector units
  denoiser.device().startProfile();
  double flops =
      2.0 * static_cast<double>(m.macs) * static_cast<double>(flags.batch);
  for (int64_t i = 0; i < flags.repeat; ++i) {
    double peak = measureFmaPeak(pool, peakSeconds / 2);
    begin = Clock::now();
    evaluate();
    double seconds = secondsSince(begin);
    peak = (peak + measureFmaPeak(pool, peakSeconds / 2)) / 2;
    result.ms.push_back(seconds * 1e3);
    result.peaks.push_back(peak);
    result.percents.push_back(peak > 0 ? flops / seconds * 1e-9 / peak * 100
                                       : 0);
  }
  result.kernels =
      sumKernels(m.denoiseKernels,
                 denoiser.device().profile(ArtifactFunction::Denoise), flags);
  return result;
}

int64_t peakResidentBytes() {
  rusage usage;
  return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_maxrss * int64_t{1024}
                                             : 0;
}

nlohmann::ordered_json toJson(const BenchFlags &flags, const Manifest &m,
                              const Measurement &r) {
  double best = *std::min_element(r.ms.begin(), r.ms.end());
  double bestPeak = *std::max_element(r.peaks.begin(), r.peaks.end());
  auto macs = static_cast<double>(m.macs * flags.batch);
  nlohmann::ordered_json json = {
      {"model", m.name},
      {"arch", m.arch},
      {"batch", flags.batch},
      {"threads", flags.threads},
      {"repeat", flags.repeat},
      {"median_ms", median(r.ms)},
      {"min_ms", best},
      {"gflops", 2e-6 * macs / median(r.ms)},
      {"peak_gflops", median(r.peaks)},
      {"percent_of_peak", median(r.percents)},
      {"best_peak_gflops", bestPeak},
      {"best_percent_of_peak",
       bestPeak > 0 ? 200e-6 * macs / best / bestPeak : 0},
      {"condition_ms", r.conditionMs},
      {"load_seconds", r.loadSeconds},
      {"peak_rss_bytes", peakResidentBytes()}};
  for (const KernelRow &k : r.kernels)
    json["kernels"].push_back(
        {{"name", k.name},
         {"kind", k.kind},
         {"count", k.count},
         {"ms", k.ms},
         {"gflops", k.ms > 0 ? k.flops / k.ms * 1e-6 : 0}});
  return json;
}

void print(const BenchFlags &flags, const Manifest &m, const Measurement &r) {
  auto json = toJson(flags, m, r);
  double total = 0;
  size_t widest = 6;
  for (const KernelRow &k : r.kernels) {
    total += k.ms;
    widest = std::max(widest, k.name.size());
  }
  fmt::print("{:<{}}  {:<9}  {:>5}  {:>9}  {:>8}  {:>6}\n", "kernel", widest,
             "kind", "count", "ms", "GFLOP/s", "share");
  for (const KernelRow &k : r.kernels)
    fmt::print("{:<{}}  {:<9}  {:>5}  {:>9.3f}  {:>8.1f}  {:>5.1f}%\n", k.name,
               widest, k.kind, k.count, k.ms,
               k.ms > 0 ? k.flops / k.ms * 1e-6 : 0,
               total > 0 ? 100 * k.ms / total : 0);
  fmt::print("\n{}, {}, batch {}, {} threads: {:.3f} ms median, {:.3f} ms best "
             "of {}\n",
             m.name, m.arch, flags.batch, flags.threads,
             json["median_ms"].get<double>(), json["min_ms"].get<double>(),
             flags.repeat);
  fmt::print(
      "{:.1f} GFLOP/s, {:.1f}% of the FMA peak of {:.1f} measured in between\n",
      json["gflops"].get<double>(), json["percent_of_peak"].get<double>(),
      json["peak_gflops"].get<double>());
  fmt::print("load {:.2f} s, condition {:.2f} ms, peak resident memory {}\n",
             r.loadSeconds, r.conditionMs,
             showBytes(static_cast<double>(peakResidentBytes())));
}

void benchCommand(const BenchFlags &flags) {
  auto artifact = std::make_shared<Artifact>(flags.model);
  Measurement result = measure(flags, artifact);
  if (flags.json)
    fmt::print("{}\n", toJson(flags, artifact->manifest(), result).dump(2));
  else
    print(flags, artifact->manifest(), result);
}

} // namespace

void addBenchCommand(CLI::App &app) {
  auto flags = std::make_shared<BenchFlags>();
  CLI::App *c =
      app.add_subcommand("bench", "time one evaluation of a compiled model");
  c->add_option("model", flags->model, "the artifact, MODEL.so")->required();
  c->add_option("--weights", flags->weights, "weights (default: random)");
  c->add_option("--batch", flags->batch, "rows an evaluation (default 1)")
      ->check(CLI::Range(int64_t{1}, int64_t{1'000'000}));
  c->add_option("--repeat", flags->repeat, "timed evaluations (default 20)")
      ->check(CLI::Range(int64_t{1}, int64_t{1'000'000}));
  addSeedFlag(*c, flags->seed);
  addThreadsFlag(*c, flags->threads);
  c->add_flag("--json", flags->json, "print JSON");
  c->callback([flags] { benchCommand(*flags); });
}

} // namespace dit::runtime
