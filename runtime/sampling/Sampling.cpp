// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The sampling loop. Batches that share labels form a group; for a group and as
// many evaluations as have room, the condition table is filled once, then each
// of its batches is taken through these evaluations.
#include "runtime/sampling/Sampling.h"

#include "runtime/Error.h"
#include "runtime/cuda/CudaStepper.h"
#include "runtime/sampling/HostStepper.h"

#include <algorithm>

namespace dit::runtime {
namespace {

class SamplingLoop {
public:
  SamplingLoop(Denoiser &denoiser, const SamplingPlan &plan,
               std::shared_ptr<SamplingMemory> &memory);
  std::vector<float> run();

private:
  std::vector<float> initialNoise();
  void runGroup(const SampleGroup &group);
  std::vector<std::string> inputsOf(const SampleGroup &group,
                                    const SampleBatch &batch,
                                    const InputMap &told);
  void runBatch(const SampleGroup &group, const SampleBatch &batch,
                int64_t tableBegin, int64_t end);
  Evaluations next(const SampleGroup &group, const SampleBatch &batch,
                   int64_t tableBegin, int64_t first, int64_t end);

  Denoiser &denoiser;
  const SamplingPlan &plan;
  std::vector<SampleGroup> groups;
  int64_t done = 0;
  std::unique_ptr<Stepper> stepper;
};

SamplingLoop::SamplingLoop(Denoiser &denoiser, const SamplingPlan &plan,
                           std::shared_ptr<SamplingMemory> &memory)
    : denoiser(denoiser), plan(plan),
      groups(makeGroups(plan, denoiser.manifest())) {
  StepsDone report = [this](int64_t more) {
    done += more;
    if (const auto &progress = this->plan.request().progress)
      progress(done, this->plan.samples() * this->plan.evaluations());
  };
  if (denoiser.device().isHost())
    stepper = std::make_unique<HostStepper>(denoiser, plan, groups, report);
  else
    stepper = std::make_unique<cuda::CudaStepper>(denoiser, plan, groups,
                                                  memory, report);
}

std::vector<float> SamplingLoop::initialNoise() {
  const int64_t floats = plan.manifest().sampleFloats();
  std::vector<float> x(plan.samples() * floats);
  denoiser.device().pool().run(plan.samples(), [&](int, int64_t begin,
                                                   int64_t end) {
    for (int64_t n = begin; n < end; ++n)
      plan.noise().normal(plan.request().firstSample + n, Noise::initial, 0,
                          {x.data() + n * floats, static_cast<size_t>(floats)});
  });
  return x;
}

std::vector<float> SamplingLoop::run() {
  std::vector<float> x = initialNoise();
  if (plan.request().observe)
    plan.request().observe(-1, 0, x);
  stepper->start(std::move(x));
  for (const SampleGroup &group : groups)
    runGroup(group);
  return stepper->finish();
}

void SamplingLoop::runGroup(const SampleGroup &group) {
  std::map<std::string, std::vector<int32_t>> rowOf;
  InputMap told = plan.conditions().tell(group.told, rowOf);
  {
    auto turn = denoiser.takeTurn();
    stepper->tables().tell(told, std::ssize(group.told));
  }
  for (int64_t first = 0; first < plan.evaluations();
       first += group.stepsInTables) {
    int64_t end = std::min(first + group.stepsInTables, plan.evaluations());
    std::vector<float> t(plan.sampler().times.begin() + first,
                         plan.sampler().times.begin() + end);
    {
      auto turn = denoiser.takeTurn();
      stepper->tables().tellSteps(t);
    }
    for (const SampleBatch &batch : group.batches) {
      stepper->load(batch, inputsOf(group, batch, told));
      runBatch(group, batch, first, end);
      stepper->store(batch);
    }
  }
}

/// What the network is told beside x and tables: rows of the batch's samples.
std::vector<std::string> SamplingLoop::inputsOf(const SampleGroup &group,
                                                const SampleBatch &batch,
                                                const InputMap &told) {
  const Manifest &manifest = denoiser.manifest();
  std::vector<std::string> inputs;
  for (const std::string &name : manifest.network().inputs) {
    std::string &rows = inputs.emplace_back();
    if (name == "x")
      continue;
    auto found = told.find(name);
    if (found == told.end())
      fail(
          "the model's network reads {} at every step, which sampling does not "
          "tell it yet",
          inQuotes(name));
    InputValues ofBatch = found->second;
    std::vector<int32_t> rowOf;
    for (int32_t slot : slotsOf(plan, group, batch, !plan.guidance().isNone()))
      rowOf.push_back(found->second.rowOfSample(slot));
    ofBatch.rowOf = rowOf;
    rows = rowsOfSamples(ofBatch, std::ssize(rowOf),
                         manifest.findInput(name)->bytes());
  }
  return inputs;
}

/// Evaluations [tableBegin, end), whose conditions are in the table.
void SamplingLoop::runBatch(const SampleGroup &group, const SampleBatch &batch,
                            int64_t tableBegin, int64_t end) {
  for (int64_t first = tableBegin; first < end;) {
    Evaluations taken = next(group, batch, tableBegin, first, end);
    stepper->run(batch, taken);
    first += taken.count;
    if (plan.request().observe)
      plan.request().observe(first - 1, batch.first, stepper->states(batch));
  }
}

/// What the stepper takes at once from `first` on: of those that are guided as
/// the first is. Whoever watches every state has every evaluation to himself.
Evaluations SamplingLoop::next(const SampleGroup &group,
                               const SampleBatch &batch, int64_t tableBegin,
                               int64_t first, int64_t end) {
  Evaluations taken{first, 1, plan.isGuided(first), {}};
  if (!plan.request().observe) {
    int64_t alike = 1;
    while (first + alike < end && plan.isGuided(first + alike) == taken.guided)
      ++alike;
    taken.count = stepper->atOnce(alike);
  }
  const Manifest &manifest = denoiser.manifest();
  std::vector<int32_t> slots = slotsOf(plan, group, batch, taken.guided);
  for (const std::string &maker : manifest.network().tables) {
    FunctionIndex function = *manifest.findFunction(maker);
    std::vector<int32_t> &rows = taken.tableRows.emplace_back();
    for (int64_t i = first; i < first + taken.count; ++i)
      for (int32_t slot : slots)
        rows.push_back(stepper->tables().row(function, slot, i - tableBegin));
  }
  return taken;
}

} // namespace

int64_t cappedProduct(std::initializer_list<int64_t> factors) {
  constexpr int64_t cap = int64_t{1} << 60;
  int64_t product = 1;
  for (int64_t factor : factors)
    if (__builtin_mul_overflow(product, factor, &product) || product > cap)
      product = cap;
  return product;
}

int64_t samplingBytes(const Manifest &manifest, const SamplingPlan &plan) {
  std::vector<SampleGroup> groups = makeGroups(plan, manifest);
  int64_t bytes = manifest.target == "cuda"
                      ? cuda::CudaStepper::bytes(manifest, plan, groups)
                      : HostStepper::bytes(manifest, plan, groups);
  return bytes + plan.noise().bytes(plan.evaluations());
}

std::vector<float> sample(Denoiser &denoiser, const SamplingPlan &plan) {
  std::shared_ptr<SamplingMemory> memory;
  return sample(denoiser, plan, memory);
}

std::vector<float> sample(Denoiser &denoiser, const SamplingPlan &plan,
                          std::shared_ptr<SamplingMemory> &memory) {
  return SamplingLoop(denoiser, plan, memory).run();
}

std::vector<float> sample(Denoiser &denoiser, const SampleRequest &request) {
  return sample(denoiser, SamplingPlan(denoiser.manifest(), request));
}

} // namespace dit::runtime
