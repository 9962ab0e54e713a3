// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One evaluation after another: the network on the batch's states, guidance
// into its conditional half, then the update of each sample on a thread.
#include "runtime/sampling/HostStepper.h"

#include "runtime/sampling/Guidance.h"
#include "runtime/sampling/samplers/Step.h"

#include <algorithm>

namespace dit::runtime {

HostStepper::Sizes::Sizes(const Manifest &manifest, const SamplingPlan &plan,
                          const std::vector<SampleGroup> &groups) {
  const int64_t floats = manifest.sampleFloats();
  states = cappedProduct({plan.samples(), floats, 4});
  history =
      cappedProduct({plan.samples(), plan.sampler().historyDepth, floats, 4});
  table = tableBytes(groups);
  int64_t most = 0;
  for (bool guided : {false, true})
    for (int64_t samples : batchSizes(groups))
      if (plan.hasEvaluation(guided)) {
        rows.push_back(guided ? 2 * samples : samples);
        most = std::max(most, rows.back());
      }
  input = cappedProduct({most, floats, 4});
  output = cappedProduct({most, manifest.outputFloats(), 4});
}

int64_t HostStepper::bytes(const Manifest &manifest, const SamplingPlan &plan,
                           const std::vector<SampleGroup> &groups) {
  Sizes sizes(manifest, plan, groups);
  int64_t sum =
      sizes.states + sizes.history + sizes.table + sizes.input + sizes.output;
  for (int64_t rows : sizes.rows)
    sum = std::min(int64_t{1} << 60, sum) +
          cappedProduct({rows, manifest.network().arenaPerRow});
  return sum;
}

HostStepper::HostStepper(Denoiser &denoiser, const SamplingPlan &plan,
                         const std::vector<SampleGroup> &groups, StepsDone done)
    : HostStepper(denoiser, plan, Sizes(denoiser.manifest(), plan, groups),
                  std::move(done)) {
  conditions.reserve(tableRows(groups));
}

HostStepper::HostStepper(Denoiser &denoiser, const SamplingPlan &plan,
                         const Sizes &sizes, StepsDone done)
    : denoiser(denoiser), plan(plan), done(std::move(done)),
      history(static_cast<size_t>(sizes.history / 4)), conditions(denoiser),
      input(sizes.input, "the states of a batch"),
      output(sizes.output, "the predictions of a batch") {
  for (int64_t rows : sizes.rows)
    if (std::unique_ptr<Plan> &made = plans[rows]; !made)
      made = std::make_unique<Plan>(denoiser, rows);
}

/// The network on [conditional rows | unconditional rows], the latter where the
/// evaluation is guided.
void HostStepper::run(const SampleBatch &batch,
                      const Evaluations &evaluations) {
  const int64_t floats = batch.count * plan.manifest().sampleFloats();
  const int64_t halves = evaluations.guided ? 2 : 1;
  for (int64_t half = 0; half < halves; ++half)
    std::copy_n(stateOf(batch.first), floats,
                input.as<float>() + half * floats);
  runNetwork(evaluations, halves * batch.count);
  if (evaluations.guided)
    guideBatch(batch);
  update(batch, evaluations.first);
  done(batch.count);
}

void HostStepper::runNetwork(const Evaluations &evaluations, int64_t rows) {
  const Manifest &manifest = denoiser.manifest();
  const FunctionEntry &network = manifest.network();
  std::vector<const void *> inputs;
  for (size_t k = 0; k < network.inputs.size(); ++k)
    inputs.push_back(network.inputs[k] == "x"
                         ? input.data()
                         : static_cast<const void *>(others[k].data()));
  std::vector<DitTable> read;
  for (size_t k = 0; k < network.tables.size(); ++k)
    read.push_back({conditions.rows(*manifest.findFunction(network.tables[k])),
                    evaluations.tableRows[k].data()});
  void *outputs[] = {output.data()};
  plans.at(rows)->run(inputs, read, outputs);
}

void HostStepper::guideBatch(const SampleBatch &batch) {
  const Manifest &m = plan.manifest();
  for (int64_t i = 0; i < batch.count; ++i) {
    float *labelled = output.as<float>() + i * m.outputFloats();
    guide(labelled, labelled + batch.count * m.outputFloats(),
          plan.guidedChannels() * m.height * m.width, plan.guidance());
  }
}

void HostStepper::update(const SampleBatch &batch, int64_t evaluation) {
  const Manifest &m = plan.manifest();
  auto floats = static_cast<size_t>(m.sampleFloats());
  size_t depth = plan.sampler().historyDepth * floats;
  denoiser.device().pool().run(
      batch.count, [&](int, int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          int64_t n = batch.first + i;
          const float *out = output.as<float>() + i * m.outputFloats();
          SampleState state{{stateOf(n), floats},
                            {out, floats},
                            {out + floats, m.learnSigma ? floats : 0},
                            {history.data() + n * depth, depth},
                            plan.noise(),
                            plan.request().firstSample + n};
          applyStep(plan.sampler().rows[evaluation], evaluation, state);
        }
      });
}

std::span<const float> HostStepper::states(const SampleBatch &batch) {
  return {stateOf(batch.first),
          static_cast<size_t>(batch.count * plan.manifest().sampleFloats())};
}

} // namespace dit::runtime
