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
      plan(denoiser.manifest().memory.plan, "a plan") {
  auto turn = denoiser.takeTurn();
  Device &device = denoiser.device();
  device.settle(ArtifactFunction::Denoise, rows);
  arena = device.allocate(
      rowBytes(rows, device.manifest().memory.arenaPerRow, "a workspace"),
      "the workspace");
  denoiser.artifact->check(device.functions().plan(denoiser.state.data(), rows,
                                                   arena.data(), plan.data()),
                           "plan");
}

Plan::~Plan() {
  if (auto *unplan = denoiser.device().functions().unplan)
    unplan(plan.data());
}

void Plan::denoise(const float *x, const int32_t *rowIndex, const float *table,
                   float *out) {
  auto turn = denoiser.takeTurn();
  Device &device = denoiser.device();
  device.enter(ArtifactFunction::Denoise, count);
  DitStatus status =
      device.functions().denoise(plan.data(), x, rowIndex, table, out);
  device.leave();
  denoiser.artifact->check(status, "denoise");
}

Denoiser::Denoiser(std::shared_ptr<const Artifact> loaded,
                   std::unique_ptr<Device> device, WeightSource &weights)
    : artifact(std::move(loaded)), prepared(std::make_shared<Prepared>()),
      runner(std::move(device)),
      state(manifest().memory.state, "the model's state") {
  prepared->memory = runner->allocateShared(artifact->preparedBytes(manifest()),
                                            "the packed weights");
  pack(weights);
  tabulate();
  artifact->check(runner->functions().create(
                      &runner->host(), prepared->memory.data(), state.data()),
                  "create");
}

Denoiser::Denoiser(const Denoiser &first, const DeviceOptions &options)
    : artifact(first.artifact), prepared(first.prepared),
      runner(first.runner->beside(
          artifact->alternativeOf(first.manifest(), options.size), options)),
      state(manifest().memory.state, "the model's state") {
  tabulate();
  artifact->check(runner->functions().create(
                      &runner->host(), prepared->memory.data(), state.data()),
                  "create");
}

Denoiser::Denoiser(std::shared_ptr<const Artifact> loaded,
                   WeightSource &weights, int threads)
    : Denoiser(loaded, openDevice(*loaded, {.threads = threads}), weights) {}

/// Done on return: whatever shares the weights need not wait for this device.
void Denoiser::pack(WeightSource &weights) {
  runner->bindWeights(&weights);
  runner->settle(ArtifactFunction::Prepare, 1);
  runner->enter(ArtifactFunction::Prepare, 1);
  DitStatus status =
      runner->functions().prepare(&runner->host(), prepared->memory.data());
  runner->leave();
  artifact->check(status, "prepare");
  runner->bindWeights(nullptr);
  runner->synchronize();
}

/// This size's tables, unless somebody who shares them has made them; done on
/// return, too.
void Denoiser::tabulate() {
  std::lock_guard lock(prepared->turn);
  if (prepared->tables.contains(manifest().resolution()))
    return;
  if (auto *function = runner->functions().tabulate) {
    runner->settle(ArtifactFunction::Tabulate, 1);
    runner->enter(ArtifactFunction::Tabulate, 1);
    DitStatus status = function(&runner->host(), prepared->memory.data());
    runner->leave();
    artifact->check(status, "tabulate");
    runner->synchronize();
  }
  prepared->tables.insert(manifest().resolution());
}

Denoiser::~Denoiser() {
  lastPlan.reset();
  if (auto *destroy = runner->functions().destroy)
    destroy(state.data());
}

DeviceMemory &Denoiser::grow(DeviceMemory &memory, int64_t bytes,
                             const char *what) {
  if (!memory.data() || memory.bytes() < bytes) {
    memory = DeviceMemory();
    memory = runner->allocate(bytes, what);
  }
  return memory;
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
  int64_t batch = std::clamp<int64_t>(fitting, 1, mostRows);
  // Whatever a row is, every part of the table then begins at 64 bytes.
  constexpr int64_t granule = 16;
  if (batch > granule)
    batch -= batch % granule;
  batch = std::min(total, batch);
  int64_t labelsAt = (batch + granule - 1) / granule * granule;
  auto lock = takeTurn();
  grow(conditionArena, batch * sizes.conditionArenaPerRow,
       "the condition's workspace");
  if (!runner->isHost())
    grow(conditionInputs, (labelsAt + batch) * 4, "the condition's inputs");
  for (int64_t i = 0; i < total; i += batch) {
    int64_t rows = std::min(batch, total - i);
    const float *times = t.data() + i;
    const int32_t *labels = y.data() + i;
    if (!runner->isHost()) {
      auto *timesThere = conditionInputs.as<float>();
      auto *labelsThere = reinterpret_cast<int32_t *>(timesThere + labelsAt);
      runner->upload(timesThere, times, rows * 4);
      runner->upload(labelsThere, labels, rows * 4);
      times = timesThere, labels = labelsThere;
    }
    runner->settle(ArtifactFunction::Condition, rows);
    runner->enter(ArtifactFunction::Condition, rows);
    DitStatus status = runner->functions().condition(
        state.data(), times, labels, rows, conditionArena.data(),
        table + i * sizes.conditionRowFloats);
    runner->leave();
    artifact->check(status, "condition");
  }
}

void Denoiser::evaluateOnDevice(const float *x, std::span<const float> t,
                                std::span<const int32_t> y, float *out) {
  auto rows = static_cast<int64_t>(t.size());
  auto lock = takeTurn(); // of what is kept from one evaluation to the next
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
  grow(table,
       rowBytes(static_cast<int64_t>(times.size()),
                manifest().memory.conditionRowFloats * 4, "a condition table"),
       "the condition table");
  condition(times, labels, table.as<float>());
  if (!lastPlan || lastPlan->rows() != rows) {
    lastPlan.reset();
    lastPlan = std::make_unique<Plan>(*this, rows);
  }
  grow(rowIndex, rows * 4, "the rows of a batch");
  runner->upload(rowIndex.data(), index.data(), rows * 4);
  lastPlan->denoise(x, rowIndex.as<int32_t>(), table.as<float>(), out);
}

void Denoiser::evaluate(const float *x, std::span<const float> t,
                        std::span<const int32_t> y, float *out) {
  if (runner->isHost()) {
    evaluateOnDevice(x, t, y, out);
    return;
  }
  auto rows = static_cast<int64_t>(t.size());
  int64_t inBytes = rowBytes(rows, manifest().sampleFloats() * 4, "an input");
  int64_t outBytes =
      rowBytes(rows, manifest().outputFloats() * 4, "a prediction");
  auto lock = takeTurn();
  grow(input, inBytes, "the states of a batch");
  grow(output, outBytes, "the predictions of a batch");
  runner->upload(input.data(), x, inBytes);
  evaluateOnDevice(input.as<float>(), t, y, output.as<float>());
  runner->download(out, output.data(), outBytes);
}

int64_t evaluationBytes(const Manifest &manifest, int64_t rows) {
  const MemorySizes &sizes = manifest.memory;
  return rowBytes(rows,
                  sizes.arenaPerRow + sizes.conditionArenaPerRow +
                      4 * (sizes.conditionRowFloats + manifest.sampleFloats() +
                           manifest.outputFloats()),
                  "a workspace");
}

} // namespace dit::runtime
