// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What engines.py calls through ctypes: an evaluation as a sampler makes it,
// which has conditioned its steps before, one with its conditions, and a whole
// guided sampling.
#include "runtime/Evaluation.h"
#include "runtime/cpu/FmaPeak.h"
#include "runtime/sampling/Sampling.h"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <numeric>

using namespace dit::runtime;

namespace {

/// A model, and rows of it that are conditioned already.
struct Model {
  Model(const char *path, const char *weights, int threads)
      : artifact(std::make_shared<Artifact>(path)),
        denoiser(artifact, *openWeights(weights, artifact->manifest()),
                 threads) {}

  void condition(std::span<const float> t, std::span<const int32_t> y) {
    auto rows = static_cast<int64_t>(t.size());
    network = std::make_unique<Evaluation>(denoiser, rows);
    network->tell({{"t", {t.data(), rows}}, {"y", {y.data(), rows}}});
  }

  std::shared_ptr<const Artifact> artifact;
  Denoiser denoiser;
  std::unique_ptr<Evaluation> network;
};

/// 0, or 1 and the error's sentence on stderr.
template <typename F> int told(F work) noexcept {
  try {
    work();
    return 0;
  } catch (const std::exception &e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}

} // namespace

extern "C" {

/// Null on an error.
Model *evaluation_open(const char *artifact, const char *weights, int threads) {
  Model *opened = nullptr;
  told([&] { opened = new Model(artifact, weights, threads); });
  return opened;
}

/// (C, H, W, C_out, classes)
void evaluation_shape(const Model *evaluation, int64_t *shape) {
  const Manifest &m = evaluation->artifact->manifest();
  const int64_t sizes[] = {m.channels, m.height, m.width, m.outputChannels,
                           m.classes};
  std::copy(std::begin(sizes), std::end(sizes), shape);
}

/// GFLOP/s of multiply-adds from registers, measured for so many seconds.
double evaluation_peak(Model *evaluation, double seconds) {
  return measureFmaPeak(evaluation->denoiser.device().pool(), seconds);
}

/// Conditions the rows of evaluation_denoise on t (rows) and y (rows).
int evaluation_condition(Model *evaluation, int64_t rows, const float *t,
                         const int32_t *y) {
  auto count = static_cast<size_t>(rows);
  return told([&] { evaluation->condition({t, count}, {y, count}); });
}

/// out (rows, C_out, H, W) = network(x (rows, C, H, W)).
int evaluation_denoise(Model *evaluation, const float *x, float *out) {
  return told([&] { evaluation->network->run(x, out); });
}

/// The same, conditions included.
int evaluation_whole(Model *evaluation, int64_t rows, const float *x,
                     const float *t, const int32_t *y, float *out) {
  auto count = static_cast<size_t>(rows);
  return told(
      [&] { evaluation->denoiser.evaluate(x, {t, count}, {y, count}, out); });
}

/// x (count, C, H, W) = samples of labels 0, 1, ... by DDIM, guided as the
/// published script does, from the noise that it draws.
int evaluation_sample(Model *evaluation, int64_t count, int64_t steps,
                      double scale, uint64_t seed, float *x) {
  return told([&] {
    SampleRequest request = defaultRequest(evaluation->artifact->manifest());
    request.labels.resize(static_cast<size_t>(count));
    std::iota(request.labels.begin(), request.labels.end(), 0);
    request.sampler = "ddim";
    request.steps = std::to_string(steps);
    request.guidanceScale = scale;
    if (scale != 1)
      request.guidanceChannels = 3;
    request.rng = "torch-cpu";
    request.seed = seed;
    request.batch = count;
    std::vector<float> samples = sample(evaluation->denoiser, request);
    std::copy(samples.begin(), samples.end(), x);
  });
}

} // extern "C"
