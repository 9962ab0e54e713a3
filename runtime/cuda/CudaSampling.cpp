// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The same groups, batches, table rows and noise as on a CPU. What differs: a
// batch takes several steps with one graph, and what these steps read goes to
// the GPU in one of two blocks, so that one is filled while the other is used.
#include "runtime/cuda/CudaSampling.h"

#include "runtime/Error.h"
#include "runtime/SampleGroups.h"
#include "runtime/cuda/StepRunner.h"

#include <algorithm>

namespace dit::runtime::cuda {
namespace {

/// A block of inputs, and the steps that read it.
struct Slot {
  PinnedMemory block;
  EventMark done;   ///< when these steps are
  int64_t work = 0; ///< samples times steps of them, not yet reported

  Slot(const std::shared_ptr<const Gpu> &gpu, int64_t bytes)
      : block(gpu, bytes, "the noise of steps"), done(gpu) {}
};

class GpuSampling {
public:
  GpuSampling(Denoiser &denoiser, const SampleRequest &request);
  ~GpuSampling();
  std::vector<float> run();

private:
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
  void finish(Slot &slot);
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
  DeviceMemory states, history; ///< (N, C, H, W), (N, 2, C, H, W)
  DeviceMemory table;           ///< (steps of a chunk, slots of a group, row)
  std::map<int64_t, std::unique_ptr<StepRunner>> runners; ///< by samples
  std::vector<std::unique_ptr<Slot>> slots;
  size_t nextSlot = 0;
};

GpuSampling::GpuSampling(Denoiser &denoiser, const SampleRequest &request)
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
                                             sampler.size())) {
  auto turn = denoiser.takeTurn();
  states = device.allocate(total * floats * 4, "the states");
  history = device.allocate(total * 2 * floats * 4, "what a sampler keeps");
  device.clear(history.data(), history.bytes());
  int64_t bytes = 0;
  for (const SampleGroup &group : groups)
    bytes =
        std::max(bytes, stepsAtATime(group, manifest, request, sampler.size()) *
                            stepBytes(group, manifest));
  table = device.allocate(bytes, "the condition table");
  StepInputs largest{stepsAtOnce, std::min(request.batch, total), floats};
  for (int i = 0; i < 2; ++i)
    slots.push_back(std::make_unique<Slot>(device.gpu(), largest.bytes()));
}

/// What is freed now may be in use, if something was thrown.
GpuSampling::~GpuSampling() {
  try {
    auto turn = denoiser.takeTurn();
    device.synchronize();
  } catch (const Error &) {
  }
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
  device.upload(states.data(), x.data(), states.bytes());
}

std::vector<float> GpuSampling::run() {
  startSamples();
  for (const SampleGroup &group : groups)
    runGroup(group);
  for (size_t i = 0; i < slots.size(); ++i)
    finish(*slots[(nextSlot + i) % slots.size()]);
  std::vector<float> x(total * floats);
  auto turn = denoiser.takeTurn();
  device.download(x.data(), states.data(), states.bytes());
  return x;
}

void GpuSampling::runGroup(const SampleGroup &group) {
  int64_t chunk = stepsAtATime(group, manifest, request, sampler.size());
  for (int64_t first = 0; first < sampler.size(); first += chunk) {
    int64_t steps = std::min(chunk, sampler.size() - first);
    ConditionInputs inputs = conditionInputs(group, sampler, first, steps);
    denoiser.condition(inputs.t, inputs.y, table.as<float>());
    for (const SampleBatch &batch : group.batches)
      runBatch(group, batch, first, steps);
  }
}

StepRunner &GpuSampling::runnerOf(int64_t samples) {
  std::unique_ptr<StepRunner> &runner = runners[samples];
  if (!runner)
    runner = std::make_unique<StepRunner>(denoiser, samples, stepsAtOnce,
                                          table.as<float>());
  return *runner;
}

/// Steps [first, first + steps), whose conditions are in the table.
void GpuSampling::runBatch(const SampleGroup &group, const SampleBatch &batch,
                           int64_t first, int64_t steps) {
  int64_t bytes = batch.count * floats * 4;
  float *x = states.as<float>() + batch.first * floats;
  float *kept = history.as<float>() + batch.first * 2 * floats;
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
  Slot &slot = *slots[nextSlot];
  nextSlot = (nextSlot + 1) % slots.size();
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
void GpuSampling::finish(Slot &slot) {
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

std::vector<float> sampleOnGpu(Denoiser &denoiser,
                               const SampleRequest &request) {
  return GpuSampling(denoiser, request).run();
}

} // namespace dit::runtime::cuda
