// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The tiny model compiled and sampled with torch's noise, every step against
// the trajectories of test/golden/make_trajectory_goldens.py.
#include "CompiledModel.h"

#include "runtime/Sampling.h"

#include "llvm/Support/MemoryBuffer.h"
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

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

class Trajectories : public testing::TestWithParam<Case> {};

} // namespace

TEST_P(Trajectories, AreTheReferencesAtEveryStep) {
  const std::string goldens = DIT_REPO "/test/golden/";
  const Case &c = GetParam();
  std::vector<float> want = readOnlyTensor(goldens + c.golden + ".safetensors");
  CompiledModel model(goldens + c.spec);
  auto artifact = std::make_shared<runtime::Artifact>(model.path());
  auto weights = runtime::openWeights(goldens + "tiny.weights.safetensors",
                                      artifact->manifest());
  runtime::Denoiser denoiser(artifact, *weights, 2);

  runtime::SampleRequest request =
      runtime::defaultRequest(artifact->manifest());
  request.labels = {0, 3, 1};
  request.sampler = c.sampler;
  request.steps = c.steps;
  request.eta = c.eta;
  request.shift = c.shift;
  request.guidanceScale = c.scale;
  request.guidanceChannels = 2;
  request.rng = "torch-cpu";
  request.seed = 11;
  request.batch = 2;
  int64_t floats = artifact->manifest().sampleFloats(), n = 3, states = 0;
  request.observe = [&](int64_t i, int64_t first, std::span<const float> x) {
    const float *expected = want.data() + (i + 1) * n * floats;
    // Of the largest value of the state, which grows to 900 times the noise in
    // this untrained model. Measured: 1.4e-6.
    double largest = 1, worst = 0;
    for (int64_t e = 0; e < n * floats; ++e)
      largest = std::max<double>(largest, std::fabs(expected[e]));
    for (size_t e = 0; e < x.size(); ++e) {
      double error = std::fabs(double{x[e]} - expected[first * floats + e]);
      worst = std::isnan(error) ? error : std::max(worst, error);
    }
    EXPECT_LE(worst, 1e-5 * largest)
        << "after evaluation " << i << " of samples from " << first;
    if (i == -1)
      EXPECT_EQ(worst, 0);
    states += static_cast<int64_t>(x.size()) / floats;
  };
  runtime::sample(denoiser, request);
  EXPECT_EQ(states * floats, static_cast<int64_t>(want.size()));
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

} // namespace dit::test
