// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The same groups, batches, table rows and noise as on a CPU. What differs: a
// batch takes several steps with one graph, and what these steps read goes to
// the GPU in one of two blocks, so that one is filled while the other is used.
#include "runtime/cuda/CudaSampling.h"

#include "runtime/Error.h"
#include "runtime/sampling/SampleGroups.h"

#include <algorithm>
#include <set>

namespace dit::runtime::cuda {
namespace {

class GpuSampling {
public:
  GpuSampling(Denoiser &denoiser, const SampleRequest &request,
              GpuSamplingMemory &memory);
  ~GpuSampling();
  std::vector<float> run();

private:
  void takeMemory();
  void startSamples();
  void runGroup(const SampleGroup &group);
  void runBatch(const SampleGroup &group, const SampleBatch &batch,
                int64_t first, int64_t steps);
  void runAlike(const SampleGroup &group, const SampleBatch &batch,
                int64_t tableBegin, int64_t first, int64_t steps);
  void runPiece(const SampleGroup &group, const SampleBatch &batch,
                int64_t tableBegin, int64_t first, int64_t steps);
  bool fill(void *block, const SampleGroup &group, const SampleBatch &batch,
            int64_t tableBegin, int64_t first, int64_t steps);
  void finish(StepSlot &slot);
  void observe(const SampleBatch &batch, int64_t step);
  StepRunner &runnerOf(int64_t samples);
  bool isGuided(int64_t step) const {
    return isGuidedAt(request, sampler.times[step]);
  }

  Denoiser &denoiser;
  CudaDevice &device;
  const Manifest &manifest;
  const SampleRequest &request;
  Sampler sampler;
  std::unique_ptr<Noise> noise;
  std::vector<SampleGroup> groups;
  int64_t total, floats, stepsAtOnce, done = 0;
  GpuSamplingMemory &memory;
  size_t nextSlot = 0;
};

GpuSampling::GpuSampling(Denoiser &denoiser, const SampleRequest &request,
                         GpuSamplingMemory &memory)
    : denoiser(denoiser), device(dynamic_cast<CudaDevice &>(denoiser.device())),
      manifest(denoiser.manifest()), request(request),
      sampler(makeSampler(request.sampler, samplerSettings(manifest, request))),
      noise(makeNoise(request.rng, noiseSettings(manifest, request))),
      groups(makeGroups(manifest, request)),
      total(static_cast<int64_t>(request.labels.size())),
      floats(manifest.sampleFloats()),
      // Whoever watches every state has every step to himself.
      stepsAtOnce(request.observe ? 1
                                  : std::min(StepRunner::stepsAtOnce(manifest),
                                             sampler.size())),
      memory(memory) {
  auto turn = denoiser.takeTurn();
  takeMemory();
  device.clear(memory.history.data(), total * 2 * floats * 4);
}

/// What the last request left is used again where it is large enough, and goes
/// where this one has no use for it.
void GpuSampling::takeMemory() {
  std::set<std::pair<int64_t, int64_t>> wanted;
  for (const SampleGroup &group : groups)
    for (const SampleBatch &batch : group.batches)
      wanted.insert({batch.count, stepsAtOnce});
  std::erase_if(memory.runners, [&](const auto &runner) {
    return !wanted.contains(runner.first);
  });
  auto grow = [&](DeviceMemory &kept, int64_t bytes, const char *what) {
    if (kept.data() && kept.bytes() >= bytes)
      return;
    kept = DeviceMemory();
    kept = device.allocate(bytes, what);
  };
  grow(memory.states, total * floats * 4, "the states");
  grow(memory.history, total * 2 * floats * 4, "what a sampler keeps");
  int64_t bytes = 0;
  for (const SampleGroup &group : groups)
    bytes =
        std::max(bytes, stepsAtATime(group, manifest, request, sampler.size()) *
                            stepBytes(group, manifest));
  if (memory.table.bytes() < bytes)
    memory.runners.clear(); // whose graphs read the table where it is
  grow(memory.table, bytes, "the condition table");
  StepInputs largest{stepsAtOnce, std::min(request.batch, total), floats};
  std::erase_if(memory.slots, [&](const std::unique_ptr<StepSlot> &slot) {
    return slot->block.bytes() < largest.bytes();
  });
  while (memory.slots.size() < 2)
    memory.slots.push_back(
        std::make_unique<StepSlot>(device.gpu(), largest.bytes()));
}

/// What is used or freed next may be in use, if something was thrown.
GpuSampling::~GpuSampling() {
  try {
    auto turn = denoiser.takeTurn();
    device.synchronize();
  } catch (const Error &) {
  }
  for (std::unique_ptr<StepSlot> &slot : memory.slots)
    slot->work = 0;
}

void GpuSampling::startSamples() {
  std::vector<float> x(total * floats);
  device.pool().run(total, [&](int, int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n)
      noise->normal(request.firstSample + n, Noise::initial, 0,
                    {x.data() + n * floats, static_cast<size_t>(floats)});
  });
  if (request.observe)
    request.observe(-1, 0, x);
  auto turn = denoiser.takeTurn();
  device.upload(memory.states.data(), x.data(), total * floats * 4);
}

std::vector<float> GpuSampling::run() {
  startSamples();
  for (const SampleGroup &group : groups)
    runGroup(group);
  for (size_t i = 0; i < memory.slots.size(); ++i)
    finish(*memory.slots[(nextSlot + i) % memory.slots.size()]);
  std::vector<float> x(total * floats);
  auto turn = denoiser.takeTurn();
  device.download(x.data(), memory.states.data(), total * floats * 4);
  return x;
}

void GpuSampling::runGroup(const SampleGroup &group) {
  int64_t chunk = stepsAtATime(group, manifest, request, sampler.size());
  for (int64_t first = 0; first < sampler.size(); first += chunk) {
    int64_t steps = std::min(chunk, sampler.size() - first);
    ConditionInputs inputs = conditionInputs(group, sampler, first, steps);
    denoiser.condition(inputs.t, inputs.y, memory.table.as<float>());
    for (const SampleBatch &batch : group.batches)
      runBatch(group, batch, first, steps);
  }
}

StepRunner &GpuSampling::runnerOf(int64_t samples) {
  std::unique_ptr<StepRunner> &runner = memory.runners[{samples, stepsAtOnce}];
  if (!runner)
    runner = std::make_unique<StepRunner>(denoiser, samples, stepsAtOnce,
                                          memory.table.as<float>());
  return *runner;
}

/// Steps [first, first + steps), whose conditions are in the table.
void GpuSampling::runBatch(const SampleGroup &group, const SampleBatch &batch,
                           int64_t first, int64_t steps) {
  int64_t bytes = batch.count * floats * 4;
  float *x = memory.states.as<float>() + batch.first * floats;
  float *kept = memory.history.as<float>() + batch.first * 2 * floats;
  {
    auto turn = denoiser.takeTurn();
    StepRunner &runner = runnerOf(batch.count);
    device.copy(runner.x(), x, bytes);
    device.copy(runner.history(), kept, 2 * bytes);
  }
  for (int64_t step = first, end = first + steps; step < end;) {
    int64_t alike = 1;
    while (step + alike < end && isGuided(step + alike) == isGuided(step))
      ++alike;
    runAlike(group, batch, first, step, alike);
    step += alike;
  }
  auto turn = denoiser.takeTurn();
  StepRunner &runner = runnerOf(batch.count);
  device.copy(x, runner.x(), bytes);
  device.copy(kept, runner.history(), 2 * bytes);
}

/// Steps that are all guided, or all not; the table begins at step
/// `tableBegin`.
void GpuSampling::runAlike(const SampleGroup &group, const SampleBatch &batch,
                           int64_t tableBegin, int64_t first, int64_t steps) {
  if (isGuided(first)) {
    auto turn = denoiser.takeTurn();
    StepRunner &runner = runnerOf(batch.count);
    device.copy(runner.x() + batch.count * floats, runner.x(),
                batch.count * floats * 4);
  }
  // Two lengths of graphs: whole ones, and single steps for the rest.
  for (int64_t step = first, end = first + steps; step < end;) {
    int64_t piece = end - step >= stepsAtOnce ? stepsAtOnce : 1;
    runPiece(group, batch, tableBegin, step, piece);
    step += piece;
  }
}

void GpuSampling::runPiece(const SampleGroup &group, const SampleBatch &batch,
                           int64_t tableBegin, int64_t first, int64_t steps) {
  StepSlot &slot = *memory.slots[nextSlot];
  nextSlot = (nextSlot + 1) % memory.slots.size();
  finish(slot);
  bool drawsNoise =
      fill(slot.block.data(), group, batch, tableBegin, first, steps);
  {
    auto turn = denoiser.takeTurn();
    runnerOf(batch.count)
        .run(slot.block.data(), steps, isGuided(first), drawsNoise);
    slot.done.record(device.stream());
    slot.work = batch.count * steps;
  }
  if (request.observe)
    observe(batch, first);
}

/// Writes what the steps read; false where none of it is noise.
bool GpuSampling::fill(void *block, const SampleGroup &group,
                       const SampleBatch &batch, int64_t tableBegin,
                       int64_t first, int64_t steps) {
  StepInputs layout{stepsAtOnce, batch.count, floats};
  int32_t *index = layout.rowIndex(block);
  bool drawsNoise = false;
  for (int64_t step = first; step < first + steps; ++step) {
    const StepRow &row = sampler.rows[step];
    drawsNoise |= row.drawsNoise();
    layout.rows(block)[step - first] = row;
    for (int32_t tableRow : tableRows(group, batch, manifest, request,
                                      step - tableBegin, isGuided(step)))
      *index++ = tableRow;
  }
  if (!drawsNoise)
    return false;
  device.pool().run(steps * batch.count, [&](int, int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      int64_t step = first + i / batch.count, n = i % batch.count;
      if (sampler.rows[step].drawsNoise())
        noise->normal(
            request.firstSample + batch.first + n, step, 0,
            {layout.noise(block) + i * floats, static_cast<size_t>(floats)});
    }
  });
  return true;
}

/// Waits until the slot's steps are done, and says so.
void GpuSampling::finish(StepSlot &slot) {
  if (slot.work == 0)
    return;
  slot.done.wait();
  done += slot.work;
  slot.work = 0;
  if (request.progress)
    request.progress(done, total * sampler.size());
}

void GpuSampling::observe(const SampleBatch &batch, int64_t step) {
  std::vector<float> x(batch.count * floats);
  {
    auto turn = denoiser.takeTurn();
    device.download(x.data(), runnerOf(batch.count).x(),
                    static_cast<int64_t>(x.size()) * 4);
  }
  request.observe(step, batch.first, x);
}

} // namespace

std::vector<float> sampleOnGpu(Denoiser &denoiser, const SampleRequest &request,
                               std::unique_ptr<SamplingMemory> &memory) {
  if (!memory)
    memory = std::make_unique<GpuSamplingMemory>();
  return GpuSampling(denoiser, request,
                     dynamic_cast<GpuSamplingMemory &>(*memory))
      .run();
}

} // namespace dit::runtime::cuda
