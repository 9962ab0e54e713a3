// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What steps read goes to the GPU in one of two blocks, so that one is filled
// while the other is used.
#include "runtime/cuda/CudaStepper.h"

#include "runtime/Error.h"

#include <algorithm>
#include <set>
#include <utility>

namespace dit::runtime::cuda {

CudaStepper::Sizes::Sizes(const Manifest &manifest, const SamplingPlan &plan,
                          const std::vector<SampleGroup> &groups) {
  const int64_t floats = manifest.sampleFloats();
  states = cappedProduct({plan.samples(), floats, 4});
  history = cappedProduct({plan.samples(), 2, floats, 4});
  table = tableBytes(groups);
  tableRows = runtime::tableRows(groups);
  // Whoever watches every state has every step to himself.
  stepsAtOnce =
      plan.request().observe
          ? 1
          : std::min(StepRunner::stepsAtOnce(manifest), plan.evaluations());
  batches = batchSizes(groups);
}

int64_t CudaStepper::bytes(const Manifest &manifest, const SamplingPlan &plan,
                           const std::vector<SampleGroup> &groups) {
  Sizes sizes(manifest, plan, groups);
  int64_t sum = sizes.states + sizes.history + sizes.table;
  for (int64_t samples : sizes.batches)
    sum =
        std::min(int64_t{1} << 60, sum) +
        StepRunner::bytes(manifest, samples, sizes.stepsAtOnce,
                          plan.hasEvaluation(false), plan.hasEvaluation(true));
  return sum;
}

/// `memory` as a GPU's, made where there is none.
static std::shared_ptr<GpuSamplingMemory>
ofGpu(std::shared_ptr<SamplingMemory> &memory, Denoiser &denoiser) {
  if (!memory)
    memory = std::make_shared<GpuSamplingMemory>(denoiser);
  return std::dynamic_pointer_cast<GpuSamplingMemory>(memory);
}

CudaStepper::CudaStepper(Denoiser &denoiser, const SamplingPlan &plan,
                         const std::vector<SampleGroup> &groups,
                         std::shared_ptr<SamplingMemory> &memory,
                         StepsDone done)
    : denoiser(denoiser), device(dynamic_cast<CudaDevice &>(denoiser.device())),
      plan(plan), sizes(device.manifest(), plan, groups),
      floats(device.manifest().sampleFloats()), memory(ofGpu(memory, denoiser)),
      done(std::move(done)) {
  auto turn = denoiser.takeTurn();
  takeMemory();
  device.clear(this->memory->history.data(), sizes.history);
}

/// What the last request left is used again where it is large enough, and goes
/// where this one has no use for it.
void CudaStepper::takeMemory() {
  std::set<std::pair<int64_t, int64_t>> wanted;
  for (int64_t samples : sizes.batches)
    wanted.insert({samples, sizes.stepsAtOnce});
  std::erase_if(memory->runners, [&](const auto &runner) {
    return !wanted.contains(runner.first);
  });
  auto grow = [&](DeviceMemory &kept, int64_t bytes, const char *what) {
    if (kept.data() && kept.bytes() >= bytes)
      return;
    kept = DeviceMemory();
    kept = device.allocate(bytes, what);
  };
  grow(memory->states, sizes.states, "the states");
  grow(memory->history, sizes.history, "what a sampler keeps");
  if (!memory->tables.reserve(sizes.tableRows))
    memory->runners.clear(); // whose graphs read the tables where they were
  StepInputs largest(denoiser.manifest(), sizes.stepsAtOnce, plan.batch());
  std::erase_if(memory->slots, [&](const std::unique_ptr<StepSlot> &slot) {
    return slot->block.bytes() < largest.bytes();
  });
  while (memory->slots.size() < 2)
    memory->slots.push_back(
        std::make_unique<StepSlot>(device.gpu(), largest.bytes()));
}

/// What is used or freed next may be in use, if something was thrown.
CudaStepper::~CudaStepper() {
  try {
    auto turn = denoiser.takeTurn();
    device.synchronize();
  } catch (const Error &) {
  }
  for (std::unique_ptr<StepSlot> &slot : memory->slots)
    slot->work = 0;
}

void CudaStepper::start(std::vector<float> x) {
  auto turn = denoiser.takeTurn();
  device.upload(memory->states.data(), x.data(), sizes.states);
}

StepRunner &CudaStepper::runnerOf(const SampleBatch &batch) {
  std::unique_ptr<StepRunner> &runner =
      memory->runners[{batch.count, sizes.stepsAtOnce}];
  if (!runner)
    runner = std::make_unique<StepRunner>(denoiser, batch.count,
                                          sizes.stepsAtOnce, tables());
  return *runner;
}

void CudaStepper::load(const SampleBatch &batch,
                       std::vector<std::string> inputs) {
  int64_t bytes = batch.count * floats * 4;
  auto turn = denoiser.takeTurn();
  StepRunner &runner = runnerOf(batch);
  device.copy(runner.x(), statesOf(batch), bytes);
  device.copy(runner.history(), historyOf(batch), 2 * bytes);
  for (size_t k = 0; k < inputs.size(); ++k)
    if (!inputs[k].empty())
      device.upload(runner.input(k), inputs[k].data(), std::ssize(inputs[k]));
  isDoubled = false;
}

void CudaStepper::store(const SampleBatch &batch) {
  int64_t bytes = batch.count * floats * 4;
  auto turn = denoiser.takeTurn();
  StepRunner &runner = runnerOf(batch);
  device.copy(statesOf(batch), runner.x(), bytes);
  device.copy(historyOf(batch), runner.history(), 2 * bytes);
}

void CudaStepper::run(const SampleBatch &batch,
                      const Evaluations &evaluations) {
  StepSlot &slot = *memory->slots[nextSlot];
  nextSlot = (nextSlot + 1) % memory->slots.size();
  finishSlot(slot);
  bool drawsNoise = fill(slot.block.data(), batch, evaluations);
  auto turn = denoiser.takeTurn();
  StepRunner &runner = runnerOf(batch);
  if (evaluations.guided && !isDoubled)
    device.copy(runner.x() + batch.count * floats, runner.x(),
                batch.count * floats * 4);
  isDoubled = evaluations.guided; // whose steps write both
  runner.run(slot.block.data(), evaluations.count, evaluations.guided,
             drawsNoise);
  slot.done.record(device.stream());
  slot.work = batch.count * evaluations.count;
}

/// Writes what the steps read; false where none of it is noise.
bool CudaStepper::fill(void *block, const SampleBatch &batch,
                       const Evaluations &evaluations) {
  const std::vector<StepRow> &rows = plan.sampler().rows;
  StepInputs layout(denoiser.manifest(), sizes.stepsAtOnce, batch.count);
  std::copy_n(rows.data() + evaluations.first, evaluations.count,
              layout.rows(block));
  for (size_t k = 0; k < evaluations.tableRows.size(); ++k)
    std::copy(evaluations.tableRows[k].begin(), evaluations.tableRows[k].end(),
              layout.rowIndex(block, k));
  if (std::none_of(layout.rows(block), layout.rows(block) + evaluations.count,
                   drawsNoise))
    return false;
  device.pool().run(evaluations.count * batch.count, [&](int, int64_t begin,
                                                         int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      int64_t step = evaluations.first + i / batch.count;
      if (drawsNoise(rows[step]))
        plan.noise().normal(
            plan.request().firstSample + batch.first + i % batch.count, step, 0,
            {layout.noise(block) + i * floats, static_cast<size_t>(floats)});
    }
  });
  return true;
}

/// Waits until the slot's steps are done, and says so.
void CudaStepper::finishSlot(StepSlot &slot) {
  if (slot.work == 0)
    return;
  slot.done.wait();
  done(std::exchange(slot.work, 0));
}

std::span<const float> CudaStepper::states(const SampleBatch &batch) {
  watched.resize(batch.count * floats);
  auto turn = denoiser.takeTurn();
  device.download(watched.data(), runnerOf(batch).x(),
                  static_cast<int64_t>(watched.size()) * 4);
  return watched;
}

std::vector<float> CudaStepper::finish() {
  for (size_t i = 0; i < memory->slots.size(); ++i)
    finishSlot(*memory->slots[(nextSlot + i) % memory->slots.size()]);
  std::vector<float> x(plan.samples() * floats);
  auto turn = denoiser.takeTurn();
  device.download(x.data(), memory->states.data(), sizes.states);
  return x;
}

} // namespace dit::runtime::cuda
