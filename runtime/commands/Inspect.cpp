// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ditc inspect: what an artifact says of itself; none of its code is loaded.
#include "runtime/commands/Commands.h"

#include "runtime/Artifact.h"
#include "runtime/Error.h"
#include "runtime/Memory.h"
#include "runtime/commands/Messages.h"
#include "runtime/commands/SampleFlags.h"
#include "runtime/sampling/Sampling.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace dit::runtime {
namespace {

struct InspectFlags {
  std::string model;
  std::optional<Resolution> size;
  ChoiceFlags choices;
  bool spec = false, json = false, schedule = false;
};

std::string bytes(int64_t count) {
  return showBytes(static_cast<double>(count));
}

void printKernels(const FunctionEntry &function) {
  printResult("\n@{}, every {}: {} kernels\n", function.name, function.every,
              function.kernels.size());
  for (const KernelEntry &k : function.kernels) {
    std::string work =
        k.macs > 0 ? fmt::format("  {:.2f} MMACs", k.macs * 1e-6) : "";
    printResult("  {}  {}  {}{}{}\n", k.name, k.kind, k.what, work,
                k.cublasLt ? "  by cuBLASLt" : "");
  }
}

/// `inputs: x f32 4x32x32 every step, t f32 scalar every condition`
void printInputs(const Manifest &m) {
  std::string text;
  for (const PortEntry &input : m.inputs)
    text +=
        fmt::format("{}{} {} {} every {}", text.empty() ? "" : ", ", input.name,
                    input.dtype, showShape(input.shape), input.every);
  printResult("inputs: {}\n", text);
}

/// What is the same in every alternative of a size.
void printModel(const Manifest &m) {
  const DiffusionDefaults &d = m.diffusion;
  printResult(
      "{}: {} parameters in {} tensors, {:.3f} GMACs a sample, {} tokens\n",
      m.name, m.parameters, m.weights.size(),
      static_cast<double>(m.macs) * 1e-9, m.tokens);
  printResult("x {}x{}x{} ({}), out {}x{}x{}, {} classes{}\n", m.channels,
              m.height, m.width, m.space, m.outputChannels, m.height, m.width,
              m.classes, m.labelDropout ? " and no class" : "");
  printInputs(m);
  if (d.prediction == "velocity")
    printResult(
        "trained as a flow, noise at t = {}, velocity to {}, told {} t; "
        "sampled by {} in {} steps (shift {})",
        d.noiseAt, d.velocityToNoise ? "noise" : "data", d.timeScale, d.sampler,
        d.sampleSteps, d.shift);
  else
    printResult("trained with {} steps, {}{}{}, {} variance; sampled by {} in "
                "{} steps (eta {})",
                d.steps, d.schedule,
                d.zeroTerminalSnr ? " to zero terminal SNR" : "",
                d.prediction == "epsilon" ? "" : ", predicts " + d.prediction,
                d.variance, d.sampler, d.sampleSteps, d.eta);
  printResult(", guidance {}{} of {} channels{}\n",
              m.guidance.formula == "weight" ? "weight " : "", m.guidance.scale,
              m.guidance.channels ? std::to_string(*m.guidance.channels)
                                  : "all",
              d.clipX0 ? ", x0 clamped" : "");
  printResult("made by {} from a spec with sha256 {}\n", m.compiler,
              m.specSha256);
}

/// The kernels by name that are in the machine code, cuBLASLt's left out.
size_t distinctKernels(const Manifest &m) {
  std::set<std::string> names;
  for (const FunctionEntry &function : m.functions)
    for (const KernelEntry &k : function.kernels)
      if (k.launch)
        names.insert(k.launch->function);
  if (m.step)
    names.insert(m.step->function);
  return names.size();
}

std::string showMemory(const Manifest &m) {
  std::string text =
      fmt::format("a row: {} of workspace, {} of condition ({} to make it)",
                  bytes(m.network().arenaPerRow), bytes(m.rowFloats() * 4),
                  bytes(m.tableArenaPerRow()));
  if (m.target != "cuda")
    text += fmt::format("; {} of scratch a thread", bytes(m.memory.scratch));
  return text;
}

/// The sizes of a target.
void printSizes(const std::vector<Manifest> &sizes) {
  int64_t prepared = 0;
  for (const Manifest &m : sizes)
    prepared = std::max(prepared, m.memory.prepared);
  printResult("memory: {} of packed weights", bytes(prepared));
  if (sizes.size() == 1) {
    printResult("; {}\n", showMemory(sizes.front()));
    return;
  }
  printResult(", which all sizes share:\n");
  for (const Manifest &m : sizes)
    printResult("  {}: {} tokens, {:.3f} GMACs a sample; {}\n",
                m.resolution().show(), m.tokens,
                static_cast<double>(m.macs) * 1e-9, showMemory(m));
}

/// `sizes` are the same target's, `m` one of them: the one whose kernels are
/// shown.
void printTarget(const Manifest &m, const std::vector<Manifest> &sizes) {
  printResult("target {}, {}, {}; ", m.target, m.arch, m.dtype);
  if (m.target == "cuda")
    printResult("matmul {}; {} of machine code by NVRTC {}, {} kernels; a "
                "step is {} launches\n",
                m.matmul, bytes(m.codeBytes), m.nvrtc, distinctKernels(m),
                m.network().kernels.size() + (m.step ? 1 : 0));
  else
    printResult("needs {}\n",
                m.features.empty()
                    ? "nothing"
                    : fmt::format("{}", fmt::join(m.features, ", ")));
  printSizes(sizes);
  printResult("passes: {}\n", fmt::join(m.passes, ", "));
  if (sizes.size() > 1)
    printResult("kernels of {}, --size shows another's\n",
                m.resolution().show());
  for (const FunctionEntry &function : m.functions)
    printKernels(function);
}

/// `shown` are the alternatives of one size, `all` those of every size.
void printSummary(const std::vector<Manifest> &shown,
                  const std::vector<Manifest> &all) {
  printModel(shown.front());
  for (size_t i = 0; i < shown.size(); ++i) {
    if (shown.size() > 1)
      printResult("\nalternative {} of {}\n", i + 1, shown.size());
    std::vector<Manifest> sizes;
    for (const Manifest &m : all)
      if (canShareWeights(m, shown[i]) &&
          (sizes.empty() || m.resolution() != sizes.back().resolution()))
        sizes.push_back(m);
    printTarget(shown[i], sizes);
  }
}

void printSchedule(const Manifest &m, const ChoiceFlags &choices) {
  if (m.diffusion.prediction == "velocity")
    failFlag(
        "a model that predicts velocity has no betas: use --sampler euler");
  SampleRequest request = defaultRequest(m);
  applyChoiceFlags(choices, request);
  Schedule s = makeSchedule({m.diffusion,
                             request.steps,
                             0,
                             {},
                             0,
                             request.spacing,
                             request.timesteps});
  printResult(
      "k    t     beta            alpha_bar       posterior_variance\n");
  for (int64_t k = 0; k < s.size(); ++k)
    printResult("{:<4} {:<5} {:<15.9g} {:<15.9g} {:.9g}\n", k, s.timesteps[k],
                s.beta[k], s.alphaBar[k], s.posteriorVariance[k]);
}

/// "0.5 x + 0.25 e", what is 0 left out.
template <size_t N>
std::string sum(const float (&coefficients)[N], const char *const (&names)[N]) {
  std::string text;
  for (size_t i = 0; i < N; ++i)
    if (float c = coefficients[i]; c != 0)
      text += fmt::format("{}{:.9g} {}",
                          text.empty() ? (c < 0 ? "-" : "")
                                       : (c < 0 ? " - " : " + "),
                          std::fabs(c), names[i]);
  return text.empty() ? "0" : text;
}

/// The formula of samplers/StepRow.h with a row's numbers.
std::string showRow(const StepRow &row) {
  std::string text = fmt::format(
      "e = {}{}", sum({row.xToEstimate, row.predictionToEstimate}, {"x", "p"}),
      row.clips ? " clamped" : "");
  const char *const made[] = {"x'", "h1'", "h2'"};
  for (int i = 0; i <= row.historyKept; ++i) {
    text += fmt::format("; {} = {}", made[i],
                        sum(row.mix[i], {"x", "e", "h1", "h2"}));
    if (i == 0 && row.learnsVariance)
      text += fmt::format(" + exp(log variance / 2) z, {:.9g} to {:.9g}",
                          row.logLow, row.logHigh);
    else if (i == 0 && row.sigma != 0)
      text += fmt::format(" + {:.9g} z", row.sigma);
  }
  return text;
}

/// One line an evaluation.
void printTable(const Manifest &m, const ChoiceFlags &choices) {
  SampleRequest request = defaultRequest(m);
  request.labels = {0};
  request.conditions = Conditions::ofNothing();
  applyChoiceFlags(choices, request);
  SamplingPlan plan(m, request);
  const Sampler &sampler = plan.sampler();
  printResult("i    t            p: the guided prediction, e: the estimate of "
              "the sample, z: noise, h: kept\n");
  for (int64_t i = 0; i < sampler.size(); ++i)
    printResult("{:<4} {:<12.9g} {}\n", i, sampler.times[i],
                showRow(sampler.rows[i]));
}

void inspectCommand(const InspectFlags &flags) {
  const bool printsTable = flags.choices.contains("sampler");
  for (const auto &[name, text] : flags.choices)
    if (!printsTable &&
        !(flags.schedule &&
          (name == "steps" || name == "spacing" || name == "timesteps")))
      failFlag("{} is of the table of a --sampler, which is not given", name);
  std::vector<Manifest> all = readManifests(flags.model), shown;
  std::vector<Resolution> sizes;
  for (const Manifest &m : all)
    sizes.push_back(m.resolution());
  const Resolution size = chooseResolution(flags.model, sizes, flags.size);
  if (flags.json) {
    std::vector<std::string> texts = readManifestTexts(flags.model);
    for (size_t i = 0; i < texts.size(); ++i)
      if (!flags.size || sizes[i] == size)
        printResult("{}\n", texts[i]);
    return;
  }
  for (const Manifest &m : all)
    if (m.resolution() == size)
      shown.push_back(m);
  const Manifest &m = shown.front();
  if (flags.spec)
    printResult("{}", m.spec);
  else if (printsTable)
    printTable(m, flags.choices);
  else if (flags.schedule)
    printSchedule(m, flags.choices);
  else
    printSummary(shown, all);
}

} // namespace

void addInspectCommand(CLI::App &app) {
  auto flags = std::make_shared<InspectFlags>();
  CLI::App *c =
      app.add_subcommand("inspect", "print what an artifact is, without "
                                    "loading its code");
  c->add_option("model", flags->model, "the artifact, MODEL.so")->required();
  addSizeFlag(*c, flags->size);
  auto *spec = c->add_flag("--spec", flags->spec, "print the spec's text");
  auto *json =
      c->add_flag("--json", flags->json, "print the manifests, one a line");
  auto *schedule =
      c->add_flag("--schedule", flags->schedule, "print timesteps and betas");
  addChoiceFlags(*c, flags->choices, /*ofTableOnly=*/true);
  CLI::Option *sampler = c->get_option("--sampler");
  spec->excludes(json)->excludes(schedule);
  json->excludes(schedule);
  sampler->excludes(schedule)->excludes(spec)->excludes(json);
  c->callback([flags] { inspectCommand(*flags); });
}

} // namespace dit::runtime
