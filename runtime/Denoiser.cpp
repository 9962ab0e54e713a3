// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Calls an artifact's functions in order and owns the memory they work in.
#include "runtime/Denoiser.h"

#include "runtime/Error.h"

#include <algorithm>
#include <bit>
#include <map>

namespace dit::runtime {

/// `rows * bytesPerRow`, which a flag may have made too large.
static int64_t rowBytes(int64_t rows, int64_t bytesPerRow, const char *what) {
  int64_t bytes;
  if (__builtin_mul_overflow(rows, bytesPerRow, &bytes))
    fail("{} of {} rows of {} bytes exceeds what a machine has", what, rows,
         bytesPerRow);
  return bytes;
}

Plan::Plan(Denoiser &denoiser, int64_t rows)
    : denoiser(denoiser), count(rows),
      arena(
          rowBytes(rows, denoiser.manifest().memory.arenaPerRow, "a workspace"),
          "the workspace"),
      plan(denoiser.manifest().memory.plan, "a plan") {
  const Artifact &artifact = *denoiser.artifact;
  artifact.check(artifact.functions().plan(denoiser.state.data(), rows,
                                           arena.data(), plan.data()),
                 "plan");
}

Plan::~Plan() {
  if (auto *unplan = denoiser.artifact->functions().unplan)
    unplan(plan.data());
}

void Plan::denoise(const float *x, const int32_t *rowIndex, const float *table,
                   float *out) {
  std::lock_guard lock(denoiser.turn);
  denoiser.cpu.enter(ArtifactFunction::Denoise);
  const Artifact &artifact = *denoiser.artifact;
  artifact.check(
      artifact.functions().denoise(plan.data(), x, rowIndex, table, out),
      "denoise");
}

Denoiser::Denoiser(std::shared_ptr<const Artifact> loaded,
                   WeightSource &weights, int threads)
    : artifact(std::move(loaded)), cpu(threads, manifest().memory.scratch),
      prepared(manifest().memory.prepared, "the packed weights"),
      state(manifest().memory.state, "the model's state") {
  const DitArtifact &functions = artifact->functions();
  cpu.bindWeights(&weights);
  cpu.enter(ArtifactFunction::Prepare);
  artifact->check(functions.prepare(&cpu.host(), prepared.data()), "prepare");
  cpu.bindWeights(nullptr);
  artifact->check(functions.create(&cpu.host(), prepared.data(), state.data()),
                  "create");
}

Denoiser::~Denoiser() {
  lastPlan.reset();
  if (auto *destroy = artifact->functions().destroy)
    destroy(state.data());
}

void Denoiser::condition(std::span<const float> t, std::span<const int32_t> y,
                         float *table) {
  const MemorySizes &sizes = manifest().memory;
  // Rows share a pass over the weights, so more at once is faster; this many
  // bounds the memory.
  constexpr int64_t mostRows = 256, mostBytes = int64_t{64} << 20;
  int64_t fitting = sizes.conditionArenaPerRow > 0
                        ? mostBytes / sizes.conditionArenaPerRow
                        : mostRows;
  auto total = static_cast<int64_t>(t.size());
  int64_t batch = std::min(total, std::clamp<int64_t>(fitting, 1, mostRows));
  std::lock_guard lock(turn);
  int64_t arenaBytes = batch * sizes.conditionArenaPerRow;
  if (!conditionArena.data() || conditionArena.bytes() < arenaBytes)
    conditionArena = Memory(arenaBytes, "the condition's workspace");
  cpu.enter(ArtifactFunction::Condition);
  for (int64_t i = 0; i < total; i += batch)
    artifact->check(artifact->functions().condition(
                        state.data(), t.data() + i, y.data() + i,
                        std::min(batch, total - i), conditionArena.data(),
                        table + i * sizes.conditionRowFloats),
                    "condition");
}

void Denoiser::evaluate(const float *x, std::span<const float> t,
                        std::span<const int32_t> y, float *out) {
  auto rows = static_cast<int64_t>(t.size());
  std::lock_guard lock(evaluation);
  // By bits: a NaN is a key like any other.
  std::map<std::pair<uint32_t, int32_t>, int32_t> rowOf;
  std::vector<float> times;
  std::vector<int32_t> labels, index;
  for (size_t i = 0; i < t.size(); ++i) {
    auto [it, isNew] = rowOf.try_emplace({std::bit_cast<uint32_t>(t[i]), y[i]},
                                         static_cast<int32_t>(times.size()));
    if (isNew) {
      times.push_back(t[i]);
      labels.push_back(y[i]);
    }
    index.push_back(it->second);
  }
  Memory table(rowBytes(static_cast<int64_t>(times.size()),
                        manifest().memory.conditionRowFloats * 4,
                        "a condition table"),
               "the condition table");
  condition(times, labels, table.as<float>());
  if (!lastPlan || lastPlan->rows() != rows)
    lastPlan = std::make_unique<Plan>(*this, rows);
  lastPlan->denoise(x, index.data(), table.as<float>(), out);
}

int64_t Denoiser::memoryBytes(const Manifest &manifest, int64_t rows,
                              int threads) {
  const MemorySizes &sizes = manifest.memory;
  return sizes.prepared + sizes.state + sizes.plan +
         rowBytes(rows, sizes.arenaPerRow, "a workspace") +
         threads * sizes.scratch;
}

} // namespace dit::runtime
