// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The tiny model and the digits compiled and sampled with torch's noise, every
// step against the trajectories of test/golden/make_trajectory_goldens.py.
#include "CompiledModel.h"

#include "runtime/sampling/Sampling.h"

#include "llvm/Support/MemoryBuffer.h"
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>

namespace dit::test {

namespace {

/// The floats of a safetensors file with one tensor.
std::vector<float> readOnlyTensor(const std::string &path) {
  auto file = llvm::MemoryBuffer::getFile(path);
  if (!file)
    throw std::runtime_error(path + ": " + file.getError().message());
  llvm::StringRef bytes = (*file)->getBuffer();
  uint64_t header = 0;
  std::memcpy(&header, bytes.data(), 8);
  bytes = bytes.drop_front(8 + header);
  std::vector<float> values(bytes.size() / 4);
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

struct Case {
  const char *golden, *sampler, *steps;
  double eta, scale;
  const char *spec = "adaln_zero.yaml";
  std::optional<double> shift = {};
};

runtime::SampleRequest requestOf(const Case &c, const runtime::Manifest &m) {
  runtime::SampleRequest request = runtime::defaultRequest(m);
  request.sampler = c.sampler;
  request.steps = c.steps;
  request.eta = c.eta;
  request.shift = c.shift.value_or(request.shift);
  request.guidanceScale = c.scale;
  request.rng = "torch-cpu";
  request.seed = 11;
  request.batch = 2;
  return request;
}

/// The largest |got - want|; NaN where anything is NaN.
double worstError(std::span<const float> got, const float *want) {
  double worst = 0;
  for (size_t e = 0; e < got.size(); ++e) {
    double error = std::fabs(double{got[e]} - want[e]);
    worst = std::isnan(error) ? error : std::max(worst, error);
  }
  return worst;
}

/// Samples, and holds every state to `want` (evaluations + 1, n, C, H, W);
/// `budget` is given the n samples of a state.
void expectTrajectory(
    CompiledModel &model, const std::string &weightsFile,
    runtime::SampleRequest request, const std::vector<float> &want,
    const std::function<double(std::span<const float>)> &budget) {
  auto artifact = std::make_shared<runtime::Artifact>(model.path());
  auto weights = runtime::openWeights(weightsFile, artifact->manifest());
  runtime::Denoiser denoiser(artifact, *weights, 2);
  int64_t floats = artifact->manifest().sampleFloats(), states = 0;
  int64_t n = static_cast<int64_t>(request.labels.size());
  request.observe = [&](int64_t i, int64_t first, std::span<const float> x) {
    const float *state = want.data() + (i + 1) * n * floats;
    double worst = worstError(x, state + first * floats);
    EXPECT_LE(worst, i < 0 ? 0 : budget({state, size_t(n * floats)}))
        << "after evaluation " << i << " of samples from " << first;
    states += static_cast<int64_t>(x.size()) / floats;
  };
  runtime::sample(denoiser, request);
  EXPECT_EQ(states * floats, static_cast<int64_t>(want.size()));
}

const std::string kGoldens = DIT_REPO "/test/golden/";

class Trajectories : public testing::TestWithParam<Case> {};
class DigitsTrajectories : public testing::TestWithParam<Case> {};

} // namespace

TEST_P(Trajectories, AreTheReferencesAtEveryStep) {
  const Case &c = GetParam();
  CompiledModel model(kGoldens + c.spec);
  runtime::SampleRequest request = requestOf(c, model.manifest());
  request.labels = {0, 3, 1};
  if (c.scale != 1)
    request.guidanceChannels = 2;
  // Of the largest value of the state, which grows to 900 times the noise in
  // this untrained model. Measured: 1.4e-6.
  auto budget = [](std::span<const float> state) {
    float largest = 1;
    for (float value : state)
      largest = std::max(largest, std::fabs(value));
    return 1e-5 * largest;
  };
  expectTrajectory(model, kGoldens + "tiny.weights.safetensors", request,
                   readOnlyTensor(kGoldens + c.golden + ".safetensors"),
                   budget);
}

TEST_P(DigitsTrajectories, AreTheReferencesAtEveryStep) {
  const Case &c = GetParam();
  CompiledModel model(DIT_REPO "/model_specs/digits.yaml");
  runtime::SampleRequest request = requestOf(c, model.manifest());
  request.labels = {7, 3};
  // In the units of the picture. Measured: 3.1e-5 for DDIM, and 6.6e-5 for
  // DDPM's first step, where the schedule makes x0 20,000 times a difference of
  // floats.
  expectTrajectory(model, DIT_REPO "/model_specs/weights/digits.safetensors",
                   request,
                   readOnlyTensor(kGoldens + c.golden + ".safetensors"),
                   [](auto) { return 1e-4; });
}

INSTANTIATE_TEST_SUITE_P(
    Goldens, Trajectories,
    testing::Values(
        Case{"ddim50", "ddim", "50", 0, 1.5},
        Case{"ddim50_eta", "ddim", "50", 0.5, 1},
        Case{"ddpm250", "ddpm", "250", 0, 1.5},
        Case{"dpm_solver20", "dpm++2m", "20", 0, 1.5},
        Case{"flow_euler20", "euler", "20", 0, 1.5, "Inputs/flow.yaml"},
        Case{"flow_heun10", "heun", "10", 0, 1.5, "Inputs/flow_from_zero.yaml"},
        Case{"flow_to_data10", "heun", "10", 0, 1.5, "Inputs/flow_to_data.yaml",
             0.5}),
    [](const auto &info) { return std::string(info.param.golden); });

INSTANTIATE_TEST_SUITE_P(
    Goldens, DigitsTrajectories,
    testing::Values(Case{"digits_ddim50", "ddim", "ddim50", 0, 3},
                    Case{"digits_ddpm250", "ddpm", "250", 0, 1.5}),
    [](const auto &info) { return std::string(info.param.golden); });

} // namespace dit::test
