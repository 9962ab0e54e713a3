// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ditc bench: a measurement as a table or as JSON.
#include "runtime/commands/Commands.h"

#include "runtime/Memory.h"
#include "runtime/commands/Measurement.h"
#include "runtime/commands/Messages.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/resource.h>

#include <algorithm>

namespace dit::runtime {
namespace {

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  size_t n = values.size();
  return n == 0 ? 0 : (values[(n - 1) / 2] + values[n / 2]) / 2;
}

int64_t peakResidentBytes() {
  rusage usage;
  return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_maxrss * int64_t{1024}
                                             : 0;
}

double least(const std::vector<double> &values) {
  return *std::min_element(values.begin(), values.end());
}

void addPeak(nlohmann::ordered_json &json, const Measurement &r, double macs) {
  double bestPeak = *std::max_element(r.peaks.begin(), r.peaks.end());
  json["peak_gflops"] = median(r.peaks);
  json["percent_of_peak"] = median(r.percents);
  json["best_peak_gflops"] = bestPeak;
  json["best_percent_of_peak"] =
      bestPeak > 0 ? 200e-6 * macs / least(r.ms) / bestPeak : 0;
}

nlohmann::ordered_json toJson(const BenchFlags &flags, const Measurement &r) {
  const Manifest &m = r.manifest;
  auto macs = static_cast<double>(m.macs * flags.batch);
  nlohmann::ordered_json json = {{"model", m.name},
                                 {"arch", m.arch},
                                 {"size", m.resolution().show()},
                                 {"batch", flags.batch},
                                 {"threads", flags.device.threads},
                                 {"repeat", flags.repeat},
                                 {"median_ms", median(r.ms)},
                                 {"min_ms", least(r.ms)},
                                 {"gflops", 2e-6 * macs / median(r.ms)}};
  if (!r.peaks.empty())
    addPeak(json, r, macs);
  if (!r.device.empty()) {
    json["device"] = r.device;
    json["dtype"] = m.dtype;
    json["matmul"] = m.matmul;
  }
  // A GPU's step is the network's launches and the one of guidance and update.
  json["launches_per_step"] = m.network().kernels.size() + (m.step ? 1 : 0);
  if (!r.stepMs.empty()) {
    json["step_median_ms"] = median(r.stepMs);
    json["step_min_ms"] = least(r.stepMs);
    json["step_samples"] = flags.batch % 2 == 0 ? flags.batch / 2 : flags.batch;
    json["step_is_guided"] = flags.batch % 2 == 0;
  }
  json["condition_ms"] = r.conditionMs;
  json["load_seconds"] = r.loadSeconds;
  json["peak_rss_bytes"] = peakResidentBytes();
  for (const KernelRow &k : r.kernels)
    json["kernels"].push_back(
        {{"name", k.name},
         {"kind", k.kind},
         {"count", k.count},
         {"ms", k.ms},
         {"gflops", k.ms > 0 ? k.flops / k.ms * 1e-6 : 0}});
  return json;
}

void printTable(const BenchFlags &flags, const Measurement &r) {
  const Manifest &m = r.manifest;
  auto json = toJson(flags, r);
  double total = 0;
  size_t widest = 6;
  for (const KernelRow &k : r.kernels) {
    total += k.ms;
    widest = std::max(widest, k.name.size());
  }
  printResult("{:<{}}  {:<9}  {:>5}  {:>9}  {:>8}  {:>6}\n", "kernel", widest,
              "kind", "count", "ms", "GFLOP/s", "share");
  for (const KernelRow &k : r.kernels)
    printResult("{:<{}}  {:<9}  {:>5}  {:>9.3f}  {:>8.1f}  {:>5.1f}%\n", k.name,
                widest, k.kind, k.count, k.ms,
                k.ms > 0 ? k.flops / k.ms * 1e-6 : 0,
                total > 0 ? 100 * k.ms / total : 0);
  std::string where = r.device.empty()
                          ? fmt::format("{} threads", flags.device.threads)
                          : r.device;
  printResult("\n{}, {}, {}, batch {}, {}: {:.3f} ms median, {:.3f} ms best of "
              "{}\n",
              m.name, m.resolution().show(), m.arch, flags.batch, where,
              median(r.ms), least(r.ms), flags.repeat);
  if (!r.stepMs.empty())
    printResult("a step of {} samples{}: {:.3f} ms median, {} launches\n",
                json["step_samples"].get<int64_t>(),
                json["step_is_guided"].get<bool>() ? ", guided" : "",
                median(r.stepMs), json["launches_per_step"].get<size_t>());
  double gflops = json["gflops"].get<double>();
  if (r.peaks.empty())
    printResult("{:.1f} GFLOP/s\n", gflops);
  else
    printResult("{:.1f} GFLOP/s, {:.1f}% of the {} peak of {:.1f} measured in "
                "between\n",
                gflops, median(r.percents), m.dtype == "bf16" ? "bf16" : "FMA",
                median(r.peaks));
  printResult("load {:.2f} s, condition {:.2f} ms, peak resident memory {}\n",
              r.loadSeconds, r.conditionMs,
              showBytes(static_cast<double>(peakResidentBytes())));
}

void benchCommand(const BenchFlags &flags) {
  auto artifact = std::make_shared<Artifact>(flags.model);
  Measurement result = measure(flags, artifact);
  if (flags.json)
    printResult("{}\n", toJson(flags, result).dump(2));
  else
    printTable(flags, result);
}

} // namespace

void addBenchCommand(CLI::App &app) {
  auto flags = std::make_shared<BenchFlags>();
  CLI::App *c =
      app.add_subcommand("bench", "time one evaluation of a compiled model");
  c->add_option("model", flags->model, "the artifact, MODEL.so")->required();
  addWeightsFlag(*c, flags->weights, flags->checkpoint);
  c->add_option("--batch", flags->batch, "rows an evaluation (default 1)")
      ->check(CLI::Range(int64_t{1}, int64_t{1'000'000}));
  c->add_option("--repeat", flags->repeat, "timed evaluations (default 20)")
      ->check(CLI::Range(int64_t{1}, int64_t{1'000'000}));
  addSeedFlag(*c, flags->seed);
  addDeviceFlags(*c, flags->device);
  c->add_flag("--json", flags->json, "print JSON");
  c->callback([flags] { benchCommand(*flags); });
}

} // namespace dit::runtime
