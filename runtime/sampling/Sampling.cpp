// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The sampling loop. Batches that share labels form a group; for a group and a
// chunk of steps the condition table is filled once, then each of its batches
// is taken through those steps.
#include "runtime/sampling/Sampling.h"

#include "runtime/Error.h"
#include "runtime/cuda/CudaSampling.h"
#include "runtime/sampling/Guidance.h"
#include "runtime/sampling/SampleGroups.h"
#include "runtime/sampling/samplers/Step.h"

#include <algorithm>
#include <map>
#include <set>

namespace dit::runtime {
namespace {

class SamplingLoop {
public:
  SamplingLoop(Denoiser &denoiser, const SampleRequest &request)
      : denoiser(denoiser), manifest(denoiser.manifest()), request(request),
        sampler(
            makeSampler(request.sampler, samplerSettings(manifest, request))),
        noise(makeNoise(request.rng, noiseSettings(manifest, request))),
        total(static_cast<int64_t>(request.labels.size())),
        batchSize(std::min(request.batch, total)) {}

  std::vector<float> run();

private:
  void startSamples();
  void runGroup(const SampleGroup &group);
  void evaluate(const SampleGroup &group, const SampleBatch &batch,
                int64_t step, int64_t stepInTable);
  void update(const SampleBatch &batch, int64_t step);
  bool isGuided(int64_t step) const {
    return isGuidedAt(request, sampler.times[step]);
  }
  void makePlans();
  float *stateOf(int64_t n) {
    return states.data() + n * manifest.sampleFloats();
  }

  Denoiser &denoiser;
  const Manifest &manifest;
  const SampleRequest &request;
  Sampler sampler;
  std::unique_ptr<Noise> noise;
  int64_t total, batchSize, done = 0;
  std::vector<float> states;  ///< (N, C, H, W)
  std::vector<float> history; ///< (N, depth * C * H * W)
  Memory table;         ///< (steps of the chunk, labels of the group, row)
  Memory input, output; ///< (rows, C, H, W), (rows, C_out, H, W)
  std::map<int64_t, std::unique_ptr<Plan>> plans; ///< by rows
};

void SamplingLoop::startSamples() {
  int64_t floats = manifest.sampleFloats();
  states.resize(total * floats);
  history.resize(total * floats * sampler.historyDepth);
  denoiser.device().pool().run(total, [&](int, int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n)
      noise->normal(request.firstSample + n, Noise::initial, 0,
                    {stateOf(n), static_cast<size_t>(floats)});
  });
  if (request.observe)
    request.observe(-1, 0, states);
}

/// Of whole batches and of the rest, for steps with guidance and without.
void SamplingLoop::makePlans() {
  int64_t mostRows = 0;
  for (int64_t count : {batchSize, total % batchSize})
    for (int64_t step = 0; count > 0 && step < sampler.size(); ++step) {
      int64_t rows = isGuided(step) ? 2 * count : count;
      std::unique_ptr<Plan> &plan = plans[rows];
      if (!plan)
        plan = std::make_unique<Plan>(denoiser, rows);
      mostRows = std::max(mostRows, rows);
    }
  input =
      Memory(mostRows * manifest.sampleFloats() * 4, "the states of a batch");
  output = Memory(mostRows * manifest.outputFloats() * 4,
                  "the predictions of a batch");
}

std::vector<float> SamplingLoop::run() {
  startSamples();
  makePlans();
  for (const SampleGroup &group : makeGroups(manifest, request))
    runGroup(group);
  return std::move(states);
}

void SamplingLoop::runGroup(const SampleGroup &group) {
  int64_t chunk = stepsAtATime(group, manifest, request, sampler.size());
  int64_t bytes = chunk * stepBytes(group, manifest);
  if (!table.data() || table.bytes() < bytes) {
    table = Memory();
    table = Memory(bytes, "the condition table");
  }
  for (int64_t first = 0; first < sampler.size(); first += chunk) {
    int64_t steps = std::min(chunk, sampler.size() - first);
    ConditionInputs inputs = conditionInputs(group, sampler, first, steps);
    denoiser.condition(inputs.t, inputs.y, table.as<float>());
    for (const SampleBatch &batch : group.batches) {
      for (int64_t step = first; step < first + steps; ++step) {
        evaluate(group, batch, step, step - first);
        update(batch, step);
        done += batch.count;
        if (request.progress)
          request.progress(done, total * sampler.size());
      }
    }
  }
}

/// The network on [conditional rows | unconditional rows], then guidance into
/// the former; on the conditional rows alone where the step is not guided.
void SamplingLoop::evaluate(const SampleGroup &group, const SampleBatch &batch,
                            int64_t step, int64_t stepInTable) {
  bool guided = isGuided(step);
  int64_t floats = manifest.sampleFloats(), outFloats = manifest.outputFloats();
  std::vector<int32_t> rowIndex =
      tableRows(group, batch, manifest, request, stepInTable, guided);
  float *x = input.as<float>(), *out = output.as<float>();
  for (int64_t half = 0; half < (guided ? 2 : 1); ++half)
    std::copy_n(stateOf(batch.first), batch.count * floats,
                x + half * batch.count * floats);
  plans.at(guided ? 2 * batch.count : batch.count)
      ->denoise(x, rowIndex.data(), table.as<float>(), out);
  if (!guided)
    return;
  int64_t guidedFloats = request.guidanceChannels.value_or(manifest.channels) *
                         manifest.height * manifest.width;
  for (int64_t i = 0; i < batch.count; ++i)
    guide(out + i * outFloats, out + (batch.count + i) * outFloats,
          guidedFloats, guidanceOf(request));
}

void SamplingLoop::update(const SampleBatch &batch, int64_t step) {
  auto floats = static_cast<size_t>(manifest.sampleFloats());
  size_t depth = sampler.historyDepth * floats;
  denoiser.device().pool().run(
      batch.count, [&](int, int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          int64_t n = batch.first + i;
          const float *out = output.as<float>() + i * manifest.outputFloats();
          SampleState state{{stateOf(n), floats},
                            {out, floats},
                            {out + floats, manifest.learnSigma ? floats : 0},
                            {history.data() + n * depth, depth},
                            *noise,
                            request.firstSample + n};
          applyStep(sampler.rows[step], step, state);
        }
      });
  if (request.observe)
    request.observe(step, batch.first,
                    {stateOf(batch.first), batch.count * floats});
}

} // namespace

std::vector<float> sample(Denoiser &denoiser, const SampleRequest &request) {
  std::unique_ptr<SamplingMemory> memory;
  return sample(denoiser, request, memory);
}

std::vector<float> sample(Denoiser &denoiser, const SampleRequest &request,
                          std::unique_ptr<SamplingMemory> &memory) {
  checkRequest(denoiser.manifest(), request);
  if (!denoiser.device().isHost())
    return cuda::sampleOnGpu(denoiser, request, memory);
  return SamplingLoop(denoiser, request).run();
}

} // namespace dit::runtime
