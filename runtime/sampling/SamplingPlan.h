// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A request, checked and worked out once: everything that samples, says what it
// takes or writes down what was done reads this.
#ifndef DIT_RUNTIME_SAMPLING_SAMPLINGPLAN_H
#define DIT_RUNTIME_SAMPLING_SAMPLINGPLAN_H

#include "runtime/sampling/Noise.h"
#include "runtime/sampling/SampleRequest.h"
#include "runtime/sampling/samplers/Sampler.h"

#include <algorithm>
#include <memory>

namespace dit::runtime {

/// Throws a FlagError for a label the model does not have.
void checkLabels(const Manifest &manifest, std::span<const int32_t> labels);

class SamplingPlan {
public:
  /// Throws a FlagError for what the model cannot do, before anything long
  /// starts. `manifest`, of any alternative of the model's size, must outlive
  /// the plan.
  SamplingPlan(const Manifest &manifest, SampleRequest request);

  /// The same for other labels, of which the first is sample `first` of the
  /// noise. The table is not made again.
  SamplingPlan of(std::vector<int32_t> labels, int64_t first) const;

  const Manifest &manifest() const { return *model; }
  const SampleRequest &request() const { return asked; }
  const Conditions &conditions() const { return *asked.conditions; }
  const Sampler &sampler() const { return table; }
  const Guidance &guidance() const { return guide; }
  const Noise &noise() const { return *source; }

  int64_t samples() const { return static_cast<int64_t>(asked.labels.size()); }
  int64_t evaluations() const { return table.size(); }
  /// Samples of a whole batch.
  int64_t batch() const { return std::min(asked.batch, samples()); }
  /// Whether the null label is evaluated too at evaluation `i`: never when the
  /// scale is that of no guidance.
  bool isGuided(int64_t i) const { return guided[static_cast<size_t>(i)]; }
  /// Whether there is an evaluation that is guided, or one that is not.
  bool hasEvaluation(bool isGuided) const;
  /// Channels that guidance is of, the first ones.
  int64_t guidedChannels() const {
    return asked.guidanceChannels.value_or(model->channels);
  }

  void setProgress(decltype(SampleRequest::progress) progress) {
    asked.progress = std::move(progress);
  }
  void setObserve(decltype(SampleRequest::observe) observe) {
    asked.observe = std::move(observe);
  }

private:
  void makeNoise();

  const Manifest *model;
  SampleRequest asked;
  Guidance guide;
  Sampler table;
  std::vector<bool> guided; ///< by evaluation
  std::shared_ptr<const Noise> source;
};

} // namespace dit::runtime

#endif // DIT_RUNTIME_SAMPLING_SAMPLINGPLAN_H
