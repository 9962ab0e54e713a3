// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/cuda/StepRunner.h"

#include "runtime/Error.h"

#include <algorithm>

namespace dit::runtime::cuda {

int64_t StepInputs::noiseOffset() const {
  int64_t end = rowIndexOffset() + tables * steps * 2 * samples * 4; // guided
  return (end + 255) / 256 * 256;
}

int64_t StepRunner::stepsAtOnce(const Manifest &manifest) {
  // More steps save no more than the launch of a graph each, and make it long
  // to build.
  constexpr int64_t mostSteps = 10, mostKernels = 2048;
  auto kernels = static_cast<int64_t>(manifest.network().kernels.size()) + 1;
  return std::clamp<int64_t>(mostKernels / kernels, 1, mostSteps);
}

static const LaunchEntry &stepOf(const Manifest &manifest) {
  if (!manifest.step)
    fail("damaged: the manifest has no 'step', the kernel of a sampler's "
         "update");
  return *manifest.step;
}

StepRunner::Sizes::Sizes(const Manifest &manifest, int64_t samples)
    : states(2 * samples * manifest.sampleFloats() * 4),
      predictions(2 * samples * manifest.outputFloats() * 4) {}

int64_t StepRunner::bytes(const Manifest &manifest, int64_t samples,
                          int64_t stepsAtOnce, bool unguided, bool guided) {
  Sizes sizes(manifest, samples);
  StepInputs inputs(manifest, stepsAtOnce, samples);
  int64_t others = 0;
  for (const std::string &name : manifest.network().inputs)
    if (name != "x")
      others += 2 * samples * manifest.findInput(name)->bytes();
  int64_t rows = (unguided ? samples : 0) + (guided ? 2 * samples : 0);
  return 2 * sizes.states + sizes.predictions + inputs.bytes() + others +
         rows * manifest.network().arenaPerRow;
}

StepRunner::StepRunner(Denoiser &denoiser, int64_t samples, int64_t stepsAtOnce,
                       const ConditionTables &filled)
    : denoiser(denoiser), device(dynamic_cast<CudaDevice &>(denoiser.device())),
      step(stepOf(device.manifest())),
      layout(device.manifest(), stepsAtOnce, samples) {
  const Manifest &manifest = device.manifest();
  for (const std::string &maker : manifest.network().tables)
    tables.push_back(filled.rows(*manifest.findFunction(maker)));
  for (const std::string &name : manifest.network().inputs)
    others.push_back(
        name == "x"
            ? DeviceMemory()
            : device.allocate(2 * samples * manifest.findInput(name)->bytes(),
                              "an input of a batch"));
  Sizes sizes(manifest, samples);
  states = device.allocate(sizes.states, "the states of a batch");
  kept = device.allocate(sizes.states, "what a sampler keeps");
  predictions =
      device.allocate(sizes.predictions, "the predictions of a batch");
  block = device.allocate(layout.bytes(), "the noise of steps");
}

void StepRunner::enqueueStep(int64_t number, bool guided, Plan &plan) {
  std::vector<const void *> inputs;
  for (const DeviceMemory &other : others)
    inputs.push_back(other.data() ? other.data() : x());
  std::vector<DitTable> read;
  for (size_t k = 0; k < tables.size(); ++k)
    read.push_back(
        {tables[k], layout.rowIndex(block.data(), k) + number * plan.rows()});
  void *outputs[] = {predictions.data()};
  plan.run(inputs, read, outputs);
  const float *out = predictions.as<float>();
  const float *noise =
      layout.noise(block.data()) + number * layout.samples * layout.floats;
  float *keptHere = history(), *statesHere = x();
  const StepRow *row = layout.rows(block.data()) + number;
  auto samples = static_cast<int32_t>(layout.samples);
  int32_t isGuided = guided;
  void *parameters[] = {&out, &noise,   &keptHere, &statesHere,
                        &row, &samples, &isGuided};
  device.kernels().launch(step, layout.samples, parameters, device.stream());
}

Recording &StepRunner::graph(int64_t steps, bool guided) {
  std::unique_ptr<Recording> &recording = graphs[{guided, steps}];
  if (!recording) {
    std::unique_ptr<Plan> &plan = plans[guided];
    if (!plan) // takes memory, which nothing recorded may
      plan = std::make_unique<Plan>(denoiser, guided ? 2 * layout.samples
                                                     : layout.samples);
    recording = device.record([&] {
      for (int64_t number = 0; number < steps; ++number)
        enqueueStep(number, guided, *plan);
    });
  }
  return *recording;
}

void StepRunner::run(const void *from, int64_t steps, bool guided,
                     bool drawsNoise) {
  Recording &recording = graph(steps, guided);
  int64_t bytes = drawsNoise ? layout.noiseOffset() +
                                   steps * layout.samples * layout.floats * 4
                             : layout.noiseOffset();
  device.uploadPinned(block.data(), from, bytes);
  recording.run();
}

std::vector<double> StepRunner::time(int64_t steps, bool guided,
                                     int64_t repeat) {
  for (const DeviceMemory *memory : {&states, &kept, &block})
    device.clear(memory->data(), memory->bytes());
  Recording &recording = graph(steps, guided);
  recording.time(); // the first one also warms up
  std::vector<double> seconds;
  for (int64_t i = 0; i < repeat; ++i)
    seconds.push_back(recording.time());
  return seconds;
}

} // namespace dit::runtime::cuda
