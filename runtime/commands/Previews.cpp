// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// States are kept until all samples have come by, since batches take turns.
#include "runtime/commands/Previews.h"

#include "runtime/Error.h"

#include <algorithm>
#include <charconv>

namespace dit::runtime {

static std::vector<int64_t> parseSteps(const std::string &list,
                                       int64_t evaluations) {
  std::vector<int64_t> steps;
  const char *at = list.data(), *end = at + list.size();
  while (true) {
    int64_t step = 0;
    auto [next, problem] = std::from_chars(at, end, step);
    if (problem != std::errc() || (next != end && *next != ','))
      failFlag("--preview must be numbers of evaluations, such as 0,10,50, but "
               "is {}",
               inQuotes(list));
    if (step < 0 || step > evaluations)
      failFlag("--preview must be of 0 to {} evaluations, but has {}",
               evaluations, step);
    steps.push_back(step);
    if (next == end)
      return steps;
    at = next + 1;
  }
}

/// "out/digits.step10.png" of "out/digits.png".
static std::string nameOf(const std::string &output, int64_t step) {
  return output.substr(0, output.rfind('.')) + ".step" + std::to_string(step) +
         output.substr(output.rfind('.'));
}

Previews::Previews(const std::string &list, const std::string &output,
                   const SamplingPlan &plan, int64_t columns)
    : sampleFloats(plan.manifest().sampleFloats()) {
  for (int64_t step : parseSteps(list, plan.evaluations())) {
    Preview &preview = previews[step];
    if (preview.file)
      continue; // named twice
    preview.file = std::make_unique<SampleOutput>(
        nameOf(output, step), plan.manifest(), plan.samples(), columns);
    preview.states.resize(plan.samples() * sampleFloats);
  }
}

void Previews::observe(int64_t evaluation, int64_t first,
                       std::span<const float> x) {
  auto found = previews.find(evaluation + 1);
  if (found != previews.end())
    std::copy(x.begin(), x.end(),
              found->second.states.begin() + first * sampleFloats);
}

void Previews::write(const std::string &settings) {
  for (auto &[step, preview] : previews)
    preview.file->write(preview.states, settings);
}

} // namespace dit::runtime
