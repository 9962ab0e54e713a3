// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kernels/step.cu against the runtime's own update on the CPU: every sampler
// and kind of guidance, evaluation by evaluation from the state that the CPU
// has reached. What a row does not use is NaN, or not there at all.
#include "runtime/sampling/samplers/Step.h"
#include "Check.h"
#include "runtime/sampling/Guidance.h"
#include "runtime/sampling/samplers/Sampler.h"
#include <cmath>
#include <cstddef>

using namespace check;
using namespace dit::runtime;

using Kernel = void(const float *, const float *, float *, float *,
                    const StepRow *, int, int);
extern "C" Kernel dit_step_4x8_5x3, dit_step_3x6_8x8, dit_step_1x1_5x7,
    dit_step_4x8_32x32;
extern "C" void dit_step_row_layout(int *);

namespace {

/// A kernel, and the model that it was made for.
struct Model {
  Kernel *kernel;
  int channels, outChannels, pixels;
  unsigned threads;
  size_t floats() const { return size_t(channels) * pixels; }
  size_t outFloats() const { return size_t(outChannels) * pixels; }
};

const Model latent{dit_step_4x8_5x3, 4, 8, 15, 64};
const Model picture{dit_step_3x6_8x8, 3, 6, 64, 64};
const Model grey{dit_step_1x1_5x7, 1, 1, 35, 32};
const Model xl{dit_step_4x8_32x32, 4, 8, 1024, 1024};

/// What the kernel is given as noise.
class GivenNoise : public Noise {
public:
  GivenNoise(const float *values, size_t floats)
      : values(values), floats(floats) {}
  void normal(int64_t sample, int64_t, int64_t first,
              std::span<float> out) const override {
    memcpy(out.data(), values + sample * floats + first, out.size_bytes());
  }

private:
  const float *values;
  size_t floats;
};

/// The samples between two evaluations: (n, C, H, W) and (n, 2, C, H, W).
struct States {
  std::vector<float> x, history;
};

struct Inputs {
  Buffer<float> out, noise;
  int samples;
  bool guided;
};

/// The CPU's next states.
States updated(const Model &model, const StepRow &row, const Inputs &in,
               States states) {
  const size_t floats = model.floats(), outFloats = model.outFloats();
  const GivenNoise noise(in.noise.data(), floats);
  std::vector<float> out = in.out.copy();
  for (int n = 0; n < in.samples; ++n) {
    float *c = out.data() + n * outFloats;
    if (in.guided)
      guide(c, c + in.samples * outFloats, row.guidedChannels * model.pixels,
            {row.guidanceScale, row.guidanceRescale,
             row.guidesFromConditional != 0});
    applyStep(row, 0,
              {{states.x.data() + n * floats, floats},
               {c, floats},
               {c + floats, outFloats - floats},
               {states.history.data() + n * 2 * floats, 2 * floats},
               noise,
               n});
  }
  return states;
}

std::vector<double> widened(const std::vector<float> &values) {
  return {values.begin(), values.end()};
}

/// One launch; the states that the CPU has after it.
States check1(const std::string &name, const Model &model, const StepRow &row,
              Inputs in, const States &before, double budget) {
  const States after = updated(model, row, in, before);
  const size_t floats = model.floats();
  const unsigned halves = in.guided ? 2 : 1;
  auto doubled = [&](const std::vector<float> &x) {
    std::vector<float> both = x;
    if (in.guided)
      both.insert(both.end(), x.begin(), x.end());
    return both;
  };
  Buffer<float> x("x", halves * in.samples * floats),
      history("history", in.samples * 2 * floats);
  Buffer<StepRow> table("row", 1);
  table.assign({row});

  Case test(name);
  test.expect(x, widened(doubled(after.x)), budget);
  // What is kept, and that the rest is left alone.
  std::vector<size_t> kept, left;
  for (size_t i = 0; i < history.size(); ++i)
    (int(i / floats % 2) < row.historyKept ? kept : left).push_back(i);
  if (!kept.empty()) {
    std::vector<double> want;
    for (size_t i : kept)
      want.push_back(after.history[i]);
    test.expectAt(
        history, [&](size_t i) { return history[kept[i]]; }, want, budget);
  }
  test.expectAt(
      history,
      [&](size_t i) {
        return memcmp(&history.data()[left[i]], &before.history[left[i]], 4);
      },
      std::vector<double>(left.size(), 0), 0);
  test.run(
      {{unsigned(in.samples)}, {model.threads}, model.threads / 32 * 8},
      [&] { x.assign(doubled(before.x)), history.assign(before.history); },
      [&] {
        model.kernel(in.out.data(), drawsNoise(row) ? in.noise.data() : nullptr,
                     history.data(), x.data(), table.data(), in.samples,
                     in.guided);
      });
  return after;
}

/// All evaluations of a sampler, from noise on.
void checkTable(const std::string &name, const Model &model,
                const Sampler &sampler, bool guided, int samples = 2,
                double budget = 2e-6) {
  States states{randomFloats("x", samples * model.floats(), 1).copy(), {}};
  states.history.assign(samples * 2 * model.floats(), NAN);
  for (int64_t i = 0; i < sampler.size(); ++i) {
    const unsigned seed = unsigned(10 * i);
    Inputs in{randomFloats("out",
                           (guided ? 2 : 1) * samples * model.outFloats(),
                           seed + 2, 0.7),
              randomFloats("noise", samples * model.floats(), seed + 3),
              samples, guided};
    states = check1(name + ", evaluation " + std::to_string(i), model,
                    sampler.rows[i], std::move(in), states, budget);
  }
}

SamplerSettings settings(const char *variance, bool clip, double eta = 0,
                         Guidance guidance = {}, int64_t channels = 0) {
  SamplerSettings made;
  made.diffusion.prediction = "epsilon";
  made.diffusion.steps = 1000;
  made.diffusion.schedule = "linear";
  made.diffusion.betaStart = 1e-4, made.diffusion.betaEnd = 0.02;
  made.diffusion.sampleSteps = 3;
  made.diffusion.variance = variance;
  made.diffusion.clipX0 = clip;
  made.steps = "3";
  made.eta = eta;
  made.guidance = guidance;
  made.guidedChannels = channels;
  return made;
}

SamplerSettings flow(double shift, bool clip, Guidance guidance,
                     int64_t channels) {
  SamplerSettings made = settings("", clip, 0, guidance, channels);
  made.diffusion.prediction = "velocity";
  made.diffusion.shift = shift;
  return made;
}

/// Every term of the formula at once, as no sampler has them.
Sampler everything() {
  StepRow row;
  row.xToEstimate = 0.8f, row.predictionToEstimate = -0.7f;
  const float mix[3][4] = {{0.3f, 0.5f, -0.2f, 0.4f},
                           {0.6f, -0.1f, 0.7f, 0.2f},
                           {-0.4f, 0.9f, 0.1f, 0.5f}};
  memcpy(row.mix, mix, sizeof mix);
  StepRow first = row; // nothing is kept yet
  for (auto &made : first.mix)
    made[2] = made[3] = 0;
  first.historyKept = row.historyKept = 2;
  row.learnsVariance = row.clips = 1;
  row.logLow = -1.5f, row.logHigh = -0.5f;
  for (StepRow *r : {&first, &row}) {
    r->guidanceScale = 2, r->guidanceRescale = 0.4f;
    r->guidedChannels = 2, r->guidesFromConditional = 1;
  }
  return {{0, 0, 0}, {first, row, row}, 2};
}

void checkLayout() {
#define OFFSET(field) double(offsetof(StepRow, field))
  const std::vector<double> want = {OFFSET(xToEstimate),
                                    OFFSET(predictionToEstimate),
                                    OFFSET(mix),
                                    OFFSET(sigma),
                                    OFFSET(logLow),
                                    OFFSET(logHigh),
                                    OFFSET(guidanceScale),
                                    OFFSET(guidanceRescale),
                                    OFFSET(guidedChannels),
                                    OFFSET(guidesFromConditional),
                                    OFFSET(clips),
                                    OFFSET(learnsVariance),
                                    OFFSET(historyKept),
                                    double(sizeof(StepRow))};
  Buffer<int> out("offsets", want.size());
  Case test("the device's StepRow");
  test.expect(out, want, 0);
  test.run(
      {{}, {1}}, [&] { out.clear(); },
      [&] { dit_step_row_layout(out.data()); });
}

} // namespace

int main(int argc, char **argv) {
  begin(argc, argv);
  checkLayout();
  auto made = [](const char *name, const SamplerSettings &from) {
    return makeSampler(name, from);
  };
  checkTable("ddpm, learned range", latent,
             made("ddpm", settings("learned_range", false)), false);
  checkTable("ddpm, learned range, guided, clipped", picture,
             made("ddpm", settings("learned_range", true, 0, {4}, 3)), true);
  checkTable("ddpm, fixed, no variance channels", grey,
             made("ddpm", settings("fixed_large", true)), false, 3);
  checkTable("ddim, eta 0.5, 3 of 4 channels", latent,
             made("ddim", settings("", false, 0.5, {1.5}, 3)), true);
  checkTable("ddim, rescaled, 3 of 4 channels", latent,
             made("ddim", settings("", true, 0, {4, 0.7}, 3)), true);
  checkTable("ddim, rescaled, one channel of one", grey,
             made("ddim", settings("", true, 0, {3, 1}, 1)), true);
  checkTable("dpm++2m, the second formula", picture,
             made("dpm++2m", settings("", true, 0, {2, 0, true}, 3)), true, 3);
  checkTable("euler, clipped, guided", picture,
             made("euler", flow(3, true, {3}, 3)), true);
  checkTable("heun, 3 of 4 channels", latent,
             made("heun", flow(1, false, {1.5}, 3)), true);
  checkTable("all terms", latent, everything(), true);
  checkTable("XL/2", xl,
             made("ddpm", settings("learned_range", false, 0, {4, 0.3}, 3)),
             true, 1);
}
