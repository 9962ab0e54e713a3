// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Batch after batch of a series' samples into its file. A sample depends on the
// seed and its number alone, so any cut of the series gives the same bytes.
#include "runtime/commands/SampleSeries.h"

#include "runtime/Error.h"
#include "runtime/commands/Messages.h"
#include "runtime/commands/Progress.h"
#include "runtime/commands/SampleOutput.h"
#include "runtime/images/Image.h"
#include "runtime/images/NpzSeries.h"
#include "runtime/sampling/NonFinite.h"
#include "runtime/sampling/Stepper.h"

#include <algorithm>
#include <charconv>

namespace dit::runtime {

SampleRange parseShard(const std::string &text, int64_t count) {
  int64_t part = 0, parts = 0;
  const char *end = text.data() + text.size();
  auto first = std::from_chars(text.data(), end, part);
  bool good = first.ec == std::errc() && first.ptr != end && *first.ptr == '/';
  if (good) {
    auto second = std::from_chars(first.ptr + 1, end, parts);
    good = second.ec == std::errc() && second.ptr == end;
  }
  if (!good || part < 1 || part > parts)
    failFlag("--shard must be a part of all, such as 1/8 to 8/8, but is {}",
             inQuotes(text));
  if (parts > count)
    failFlag("--shard {} leaves parts of {} samples empty", text, count);
  return {
      static_cast<int64_t>(static_cast<__int128>(count) * (part - 1) / parts),
      static_cast<int64_t>(static_cast<__int128>(count) * part / parts)};
}

int32_t uniformLabel(uint64_t seed, int64_t n, int64_t classes) {
  uint64_t word = philox({0, 0xffffffff, static_cast<uint32_t>(n), 0}, seed)[0];
  return static_cast<int32_t>(word * static_cast<uint64_t>(classes) >> 32);
}

nlohmann::ordered_json seriesSettings(nlohmann::ordered_json settings,
                                      const Manifest &manifest, int64_t count,
                                      SampleRange range) {
  int64_t c = manifest.channels, h = manifest.height, w = manifest.width;
  settings["dtype"] = manifest.isLatent() ? "<f4" : "|u1";
  settings["shape"] = manifest.isLatent() ? std::vector<int64_t>{c, h, w}
                                          : std::vector<int64_t>{h, w, c};
  settings["count"] = count;
  settings["samples"] = {range.first, range.end};
  return settings;
}

namespace {

/// The labels of samples [first, end).
std::vector<int32_t> labelsOf(const SampleSeries &series,
                              const SamplingPlan &plan, int64_t first,
                              int64_t end) {
  std::vector<int32_t> labels;
  for (int64_t n = first; n < end; ++n)
    labels.push_back(
        series.labels.empty()
            ? uniformLabel(plan.request().seed, n, plan.manifest().classes)
            : series.labels[static_cast<size_t>(n) % series.labels.size()]);
  return labels;
}

void append(NpzSeries &file, const Manifest &manifest,
            const std::vector<float> &samples) {
  if (manifest.isLatent()) {
    file.append(samples.data(), samples.size() * sizeof(float));
    return;
  }
  std::vector<uint8_t> bytes = toBytes(manifest, samples);
  file.append(bytes.data(), bytes.size());
}

} // namespace

void sampleSeries(Denoiser &denoiser, const SamplingPlan &plan,
                  const SampleSeries &series, bool quiet) {
  const Manifest &manifest = plan.manifest();
  SampleRange range = parseShard(series.shard, series.count);
  NpzSeries file(series.output, seriesSettings(series.settings, manifest,
                                               series.count, range));
  const int64_t before = file.done();
  if (before > 0 && !quiet)
    say("{}: {} of {} samples were there already\n", series.output, before,
        file.size());
  Progress progress;
  std::shared_ptr<SamplingMemory> memory;
  while (file.done() < file.size()) {
    int64_t first = range.first + file.done();
    int64_t end = std::min(first + plan.request().batch, range.end);
    SamplingPlan batch = plan.of(labelsOf(series, plan, first, end), first);
    int64_t drawn = file.done() - before, wanted = file.size() - before;
    if (!quiet)
      batch.setProgress([&, steps = plan.evaluations()](int64_t done, int64_t) {
        progress.show(drawn * steps + done, wanted * steps);
      });
    std::vector<float> samples = sample(denoiser, batch, memory);
    requireFinite(denoiser, batch, samples);
    append(file, manifest, samples);
  }
  file.finish(labelsOf(series, plan, range.first, range.end));
  announce(series.output, "{} samples of {} in {:.1f} s\n", file.size(),
           manifest.name, progress.seconds());
}

} // namespace dit::runtime
