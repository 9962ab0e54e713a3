// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From a request to a plan: every check, the sampler's table, the noise.
#include "runtime/sampling/SamplingPlan.h"

#include "runtime/Error.h"
#include "runtime/sampling/Options.h"

#include <cmath>

namespace dit::runtime {

SampleRequest defaultRequest(const Manifest &manifest) {
  const DiffusionDefaults &diffusion = manifest.diffusion;
  SampleRequest request;
  request.sampler = diffusion.sampler;
  request.steps = std::to_string(diffusion.sampleSteps);
  request.eta = diffusion.eta;
  request.shift = diffusion.shift;
  request.variance = diffusion.variance;
  request.clipX0 = diffusion.clipX0;
  request.guidanceScale = manifest.guidance.scale;
  request.guidanceFormula = manifest.guidance.formula;
  request.guidanceChannels = manifest.guidance.channels;
  return request;
}

void checkLabels(const Manifest &manifest, std::span<const int32_t> labels) {
  int64_t highest = manifest.classes - (manifest.labelDropout ? 0 : 1);
  for (int32_t label : labels)
    if (label < 0 || label > highest)
      failFlag("class {} is outside 0 .. {}, the classes of {}{}", label,
               manifest.classes - 1, inQuotes(manifest.name),
               manifest.labelDropout
                   ? fmt::format(", and {}, no class", manifest.classes)
                   : "");
}

/// Throws for rows that the conditions do not have.
static void checkRows(const Manifest &manifest, const Conditions &conditions,
                      std::span<const int32_t> rows) {
  if (conditions.areLabels() && manifest.findInput("y"))
    return checkLabels(manifest, rows);
  for (int32_t row : rows)
    if (row < 0 || row >= conditions.rows())
      failFlag("row {} is outside 0 .. {}, the rows of what {} is told", row,
               conditions.rows() - 1, inQuotes(manifest.name));
}

/// What of the request does not go with the model.
static void checkModel(const Manifest &manifest, const SampleRequest &request,
                       const Guidance &guidance) {
  const Conditions &conditions = *request.conditions;
  if (!guidance.isNone() && !conditions.withoutNull().empty() &&
      !conditions.areLabels())
    failFlag("guidance {} of {} needs what is told in place of {}: give --null "
             "{}=FILE, zeros or same, or use {}",
             request.guidanceFormula, request.guidanceScale,
             inQuotes(conditions.withoutNull()), conditions.withoutNull(),
             guidance.fromConditional ? 0 : 1);
  if (!guidance.isNone() && !conditions.withoutNull().empty())
    failFlag(
        "{} was trained without label dropout, so it has no null class for a "
        "guidance {} of {}: use {}",
        inQuotes(manifest.name), request.guidanceFormula, request.guidanceScale,
        guidance.fromConditional ? 0 : 1);
  if (request.guidanceChannels &&
      (*request.guidanceChannels < 1 ||
       *request.guidanceChannels > manifest.channels))
    failFlag("guidance must be of 1 to {} channels or all, but is of {}",
             manifest.channels, *request.guidanceChannels);
  if (request.variance == "learned_range" && !manifest.learnSigma)
    failFlag("{} does not learn its variance: use fixed_large or fixed_small",
             inQuotes(manifest.name));
}

static void checkChoices(const SampleRequest &request) {
  for (const SamplingOption &option : samplingOptions())
    if (option.checkBounds)
      option.checkBounds(request);
  if (request.variance != "fixed_large" && request.variance != "fixed_small" &&
      request.variance != "learned_range")
    failFlag("the variance must be learned_range, fixed_large or fixed_small, "
             "but is {}",
             inQuotes(request.variance));
  if (const auto &interval = request.guidanceInterval;
      interval && !(interval->low <= interval->high))
    failFlag("the guidance interval must be two timesteps, the lower first, "
             "but is {},{}",
             interval->low, interval->high);
  if (request.batch < 1)
    failFlag("the batch must be at least 1, but is {}", request.batch);
  if (request.rng != "counter" && request.firstSample != 0)
    failFlag("{} noise is drawn for all samples at once, so a part of them "
             "cannot be sampled alone: use counter",
             request.rng);
}

SamplingPlan::SamplingPlan(const Manifest &manifest, SampleRequest request)
    : model(&manifest), asked(std::move(request)) {
  if (asked.labels.empty())
    failFlag("at least one class is needed");
  if (!asked.conditions)
    asked.conditions = Conditions::ofLabels(manifest);
  checkRows(manifest, conditions(), asked.labels);
  checkChoices(asked);
  guide = makeGuidance(asked.guidanceFormula, asked.guidanceScale,
                       asked.guidanceRescale);
  checkModel(manifest, asked, guide);
  DiffusionDefaults diffusion = manifest.diffusion;
  diffusion.variance = asked.variance;
  diffusion.clipX0 = asked.clipX0;
  diffusion.shift = asked.shift;
  makeNoise();
  table = makeSampler(asked.sampler, {diffusion, asked.steps, asked.eta, guide,
                                      guidedChannels(), asked.spacing,
                                      asked.timesteps, asked.sigmas});
  const auto &interval = asked.guidanceInterval;
  for (double t : table.times)
    guided.push_back(!guide.isNone() && (!interval || (interval->low <= t &&
                                                       t <= interval->high)));
  checkEffects(*this);
}

SamplingPlan SamplingPlan::of(std::vector<int32_t> labels,
                              int64_t first) const {
  SamplingPlan part = *this;
  part.asked.labels = std::move(labels);
  part.asked.firstSample = first;
  checkRows(*model, conditions(), part.asked.labels);
  part.makeNoise();
  return part;
}

void SamplingPlan::makeNoise() {
  source =
      runtime::makeNoise(asked.rng, {asked.seed, samples(),
                                     model->sampleFloats(), !guide.isNone()});
}

bool SamplingPlan::hasEvaluation(bool isGuided) const {
  return std::find(guided.begin(), guided.end(), isGuided) != guided.end();
}

} // namespace dit::runtime
