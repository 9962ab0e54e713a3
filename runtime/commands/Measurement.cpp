// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The time of one evaluation of @denoise and of each of its kernels. On a CPU
// beside the FMA peak measured between the evaluations; on a GPU by the GPU's
// own clock, an evaluation as one graph, and steps of a sampler with it.
#include "runtime/commands/Measurement.h"

#include "runtime/Evaluation.h"
#include "runtime/commands/Commands.h"
#include "runtime/commands/Messages.h"
#include "runtime/cpu/FmaPeak.h"
#include "runtime/cuda/StepRunner.h"
#include "runtime/sampling/Noise.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>

namespace dit::runtime {
namespace {

using Clock = std::chrono::steady_clock;
double secondsSince(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

std::vector<KernelRow> sumKernels(const std::vector<KernelEntry> &entries,
                                  const std::vector<double> &seconds,
                                  const BenchFlags &flags) {
  std::map<std::string, KernelRow> rows;
  for (size_t i = 0; i < entries.size(); ++i) {
    KernelRow &row = rows[entries[i].name];
    row.name = entries[i].name;
    row.kind = entries[i].kind;
    ++row.count;
    row.ms += i < seconds.size()
                  ? seconds[i] * 1e3 / static_cast<double>(flags.repeat)
                  : 0;
    row.flops += 2.0 * static_cast<double>(entries[i].macs * flags.batch);
  }
  std::vector<KernelRow> sorted;
  for (auto &[name, row] : rows)
    sorted.push_back(row);
  std::sort(sorted.begin(), sorted.end(), [](const auto &a, const auto &b) {
    return std::pair(-a.ms, a.name) < std::pair(-b.ms, b.name);
  });
  return sorted;
}

/// The time of each evaluation beside the peak of the machine around it.
void measureCpu(const BenchFlags &flags, const Manifest &m, Device &device,
                Recording &evaluation, Measurement &result) {
  // As long as a fair part of an evaluation, so that a busy machine slows both
  // alike.
  double peakSeconds = std::clamp(evaluation.time() / 2, 0.01, 0.25);
  ThreadPool &pool = device.pool();
  const bool bf16 = m.dtype == "bf16";
  measureFmaPeak(pool, 0.05, bf16); // wakes the vector units
  device.startProfile();
  double flops =
      2.0 * static_cast<double>(m.macs) * static_cast<double>(flags.batch);
  for (int64_t i = 0; i < flags.repeat; ++i) {
    double peak = measureFmaPeak(pool, peakSeconds / 2, bf16);
    double seconds = evaluation.time();
    peak = (peak + measureFmaPeak(pool, peakSeconds / 2, bf16)) / 2;
    result.ms.push_back(seconds * 1e3);
    result.peaks.push_back(peak);
    result.percents.push_back(peak > 0 ? flops / seconds * 1e-9 / peak * 100
                                       : 0);
  }
  device.stopProfile();
}

/// The time of each evaluation as one graph; then of its kernels one by one.
void measureGpu(const BenchFlags &flags, Device &device, Recording &evaluation,
                const std::function<void()> &evaluate, Measurement &result) {
  for (int64_t i = 0; i < flags.repeat; ++i)
    result.ms.push_back(evaluation.time() * 1e3);
  // The GPU has other work while the kernels are enqueued, so that it waits for
  // none of them.
  double ms = *std::min_element(result.ms.begin(), result.ms.end());
  int64_t ahead =
      static_cast<int64_t>(std::clamp(std::ceil(5 / ms), 1.0, 50.0));
  device.startProfile();
  for (int64_t i = 0; i < flags.repeat; ++i) {
    for (int64_t run = 0; run < ahead; ++run)
      evaluation.run();
    evaluate();
  }
  device.stopProfile();
}

/// Steps of a sampler as sample() takes them: guided, of half as many samples
/// as there are rows, where the rows are even. Empty where the model has no
/// step.
std::vector<double> measureSteps(const BenchFlags &flags, Denoiser &denoiser,
                                 const ConditionTables &tables) {
  const Manifest &m = denoiser.manifest();
  if (!m.step)
    return {};
  bool guided = flags.batch % 2 == 0;
  int64_t steps = cuda::StepRunner::stepsAtOnce(m);
  cuda::StepRunner runner(denoiser, guided ? flags.batch / 2 : flags.batch,
                          steps, tables);
  std::vector<double> ms;
  for (double seconds : runner.time(steps, guided, flags.repeat))
    ms.push_back(seconds * 1e3 / static_cast<double>(steps));
  return ms;
}

/// What the network is told, as different for each sample as the model has it,
/// in the host's memory.
struct Told {
  std::map<std::string, std::vector<float>> floats;
  std::map<std::string, std::vector<int32_t>> integers;
  InputMap inputs;
};

void drawInput(const BenchFlags &flags, const Manifest &m,
               const PortEntry &port, Told &told) {
  const int64_t elements = port.elements();
  std::vector<float> &floats = told.floats[port.name];
  std::vector<int32_t> &integers = told.integers[port.name];
  for (int64_t i = 0; i < flags.batch; ++i)
    if (port.name == "t") {
      floats.push_back(static_cast<float>((i * 37 + 500) % m.diffusion.steps));
    } else if (port.name == "y") {
      integers.push_back(static_cast<int32_t>(i % m.classes));
    } else if (port.dtype == "i32") { // a label, or a mask
      integers.insert(integers.end(), elements, port.shape.empty() ? 0 : 1);
    } else {
      floats.resize((i + 1) * elements);
      CounterNoise(flags.seed)
          .normal(
              i, Noise::initial, 0,
              {floats.data() + i * elements, static_cast<size_t>(elements)});
    }
  told.inputs[port.name] = {floats.empty()
                                ? static_cast<const void *>(integers.data())
                                : floats.data(),
                            flags.batch};
}

Told drawInputs(const BenchFlags &flags, const Manifest &m) {
  Told told;
  for (const PortEntry &port : m.inputs)
    drawInput(flags, m, port, told);
  return told;
}

} // namespace

Measurement measure(const BenchFlags &flags,
                    std::shared_ptr<const Artifact> artifact) {
  Measurement result;
  auto begin = Clock::now();
  auto weights =
      weightsOf(flags.weights, flags.seed,
                artifact->manifest(flags.device.size), flags.checkpoint);
  DeviceOptions options = flags.device;
  options.rows = flags.batch;
  std::unique_ptr<Device> opened = openDevice(*artifact, options);
  result.device = opened->describe();
  if (!opened->isHost())
    say("{}: {}\n", opened->manifest().name,
        describeMemory(*artifact, *opened,
                       evaluationBytes(opened->manifest(), flags.batch)));
  Denoiser denoiser(artifact, std::move(opened), *weights);
  weights.reset();
  Device &device = denoiser.device();
  const Manifest &m = device.manifest();
  device.synchronize();
  result.loadSeconds = secondsSince(begin);
  result.manifest = m;

  Told told = drawInputs(flags, m);
  Evaluation network(denoiser, flags.batch);
  begin = Clock::now();
  network.tell(told.inputs);
  device.synchronize();
  result.conditionMs = secondsSince(begin) * 1e3;
  int64_t bytes = flags.batch * m.sampleFloats() * 4;
  DeviceMemory x = device.allocate(bytes, "the states of a batch");
  device.upload(x.data(), told.inputs.at("x").data, bytes);
  DeviceMemory out = device.allocate(flags.batch * m.outputFloats() * 4,
                                     "the predictions of a batch");
  auto evaluate = [&] { network.run(x.as<float>(), out.as<float>()); };

  auto evaluation = device.record(evaluate);
  evaluation->time(); // touches all memory
  if (device.isHost()) {
    measureCpu(flags, m, device, *evaluation, result);
  } else {
    measureGpu(flags, device, *evaluation, evaluate, result);
    result.stepMs = measureSteps(flags, denoiser, network.conditions());
  }
  result.kernels = sumKernels(m.network().kernels,
                              device.profile(m.functions.size() - 1), flags);
  return result;
}

} // namespace dit::runtime
